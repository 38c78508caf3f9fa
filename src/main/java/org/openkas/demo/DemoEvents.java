package org.openkas.demo;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import org.openkas.common.Timers;

/** What {@code kubectl get events} and {@code kubectl describe} tell of the demo cluster's life; the oldest are forgotten. */
final class DemoEvents {
    private static final int MOST = 200;

    private final ObjectStore store;
    private final Timers timers;

    DemoEvents(ObjectStore store, Timers timers) {
        this.store = store;
        this.timers = timers;
    }

    /** Something happened to an object. */
    void tell(ObjectNode object, Kind kind, String reason, String message) throws ApiFailure {
        String namespace = Json.text(object, "metadata", "namespace");
        String name = Json.text(object, "metadata", "name");
        ObjectNode event = Json.object();
        event.putObject("metadata").put("name", name + "." + store.suffix());
        event.putObject("involvedObject").put("kind", kind.name()).put("namespace", namespace).put("name", name)
                .put("uid", Json.text(object, "metadata", "uid")).put("apiVersion", kind.apiVersion());
        String now = timers.now().truncatedTo(ChronoUnit.SECONDS).toString();
        event.put("reason", reason).put("message", message).put("type", "Normal").put("count", 1).put("firstTimestamp", now)
                .put("lastTimestamp", now).putObject("source").put("component", "demo");
        store.create(Kind.EVENT, namespace, event, false);
        List<ObjectNode> events = store.list(Kind.EVENT, "").objects();
        if (events.size() > MOST) {
            events.stream().min(Comparator.comparing(old -> Json.text(old, "lastTimestamp")))
                    .ifPresent(
                            old -> store.remove(Kind.EVENT, Json.text(old, "metadata", "namespace"), Json.text(old, "metadata", "name")));
        }
    }
}
