package org.openkas.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.openkas.common.Timers;

/** Watches: answers that go on, an event a line. Each holds the thread of its connection. */
final class WatchRequests {
    private static final int LONGEST_WATCH_SECONDS = 1800;

    private final ObjectStore store;
    private final Timers timers;

    WatchRequests(ObjectStore store, Timers timers) {
        this.store = store;
        this.timers = timers;
    }

    /** Tells what becomes of the objects of a kind until the client leaves or its time is over. */
    void watch(ApiExchange exchange, Kind kind, String namespace) throws IOException, ApiFailure, InterruptedException {
        Predicate<JsonNode> wanted = ObjectRequests.selector(exchange);
        String since = exchange.parameter("resourceVersion");
        String limit = exchange.parameter("timeoutSeconds");
        long seconds = limit.matches("\\d{1,6}") && !limit.equals("0") ? Long.parseLong(limit) : LONGEST_WATCH_SECONDS;
        long end = timers.nanos() + Duration.ofSeconds(seconds).toNanos();
        boolean table = ObjectRequests.asTable(exchange);
        ObjectStore.Snapshot snapshot = store.list(kind, namespace);
        boolean fromNow = since.isEmpty() || since.equals("0");
        if (!fromNow && !since.matches("\\d{1,18}")) {
            throw ApiFailure.bad("the resource version is not a number: " + since);
        }
        long seen = fromNow ? snapshot.version() : Long.parseLong(since);
        try (OutputStream out = exchange.stream("application/json")) {
            EventWriter events = new EventWriter(out, exchange, kind, table);
            if (fromNow) {
                for (ObjectNode object : snapshot.objects()) {
                    if (wanted.test(object)) {
                        events.write("ADDED", object);
                    }
                }
            }
            while (timers.nanos() < end) {
                List<ObjectStore.Change> changes;
                try {
                    changes = store.changesAfter(seen, Duration.ofNanos(end - timers.nanos()));
                } catch (ApiFailure e) {
                    events.failure(e);
                    return;
                }
                if (changes.isEmpty()) {
                    return;
                }
                for (ObjectStore.Change change : changes) {
                    seen = change.version();
                    if (change.kind().equals(kind)) {
                        tell(events, change, wanted.and(object -> namespace.isEmpty()
                                || Json.text(object, "metadata", "namespace").equals(namespace)));
                    }
                }
            }
        }
    }

    private static void tell(EventWriter events, ObjectStore.Change change, Predicate<JsonNode> wanted) throws IOException {
        Optional<ObjectNode> before = change.before().filter(wanted);
        Optional<ObjectNode> after = change.after().filter(wanted);
        if (after.isPresent()) {
            events.write(before.isPresent() ? "MODIFIED" : "ADDED", after.get());
        } else if (before.isPresent()) {
            events.write("DELETED", change.after().orElse(before.get()));
        }
    }

    /** Writes the events of one watch. */
    private final class EventWriter {
        private final OutputStream out;
        private final ApiExchange exchange;
        private final Kind kind;
        private final boolean table;
        private boolean first = true;

        EventWriter(OutputStream out, ApiExchange exchange, Kind kind, boolean table) {
            this.out = out;
            this.exchange = exchange;
            this.kind = kind;
            this.table = table;
        }

        void write(String type, ObjectNode object) throws IOException {
            ObjectNode shown = table
                    ? new Tables(timers.now()).table(kind, List.of(object), exchange.parameter("includeObject"), first)
                    : object;
            first = false;
            line(Json.object().put("type", type).set("object", shown));
        }

        void failure(ApiFailure failure) throws IOException {
            line(Json.object().put("type", "ERROR").set("object", failure.status()));
        }

        private void line(ObjectNode event) throws IOException {
            out.write((event + "\n").getBytes(StandardCharsets.UTF_8));
        }
    }
}
