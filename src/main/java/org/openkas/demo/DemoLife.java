package org.openkas.demo;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.openkas.common.Timers;

/**
 * What goes on in the demo cluster by itself, a step a second: deployments get their pods, pods come up, print and end, and
 * every {@value #VISIT_EVERY} seconds a visitor comes, so that a watch has something to show. One step at a time.
 */
final class DemoLife {
    private static final int VISIT_EVERY = 15;
    private static final int VISIT_LASTS = 5;

    private final ObjectStore store;
    private final PodLogs logs;
    private final PodFiles files;
    private final Timers timers;
    private final DemoEvents events;
    private final DemoControllers controllers;
    private long steps;
    private int address = 10;

    DemoLife(ObjectStore store, PodLogs logs, PodFiles files, Timers timers) {
        this.store = store;
        this.logs = logs;
        this.files = files;
        this.timers = timers;
        events = new DemoEvents(store, timers);
        controllers = new DemoControllers(store, events, timers);
    }

    /** Makes what is there at the start, and lets it come up. */
    void begin() throws ApiFailure {
        new DemoObjects(store).make();
        step();
        step();
        step();
    }

    /** Lets a second pass. Called once a second. */
    synchronized void step() {
        steps++;
        try {
            controllers.step();
            if (steps % VISIT_EVERY == 0) {
                store.create(Kind.POD, "default", visitor(), false);
            }
            for (ObjectNode pod : store.list(Kind.POD, "").objects()) {
                live(pod);
            }
        } catch (ApiFailure e) {
            // somebody changed what this step was about to change: the next step sees how it is now
        }
    }

    private ObjectNode visitor() {
        ObjectNode pod = DemoObjects.pod("visitor-" + store.suffix(), "visitor", "demo/visitor:1");
        pod.withObjectProperty("spec").put("restartPolicy", "Never");
        return pod;
    }

    private void live(ObjectNode pod) throws ApiFailure {
        String uid = Json.text(pod, "metadata", "uid");
        if (pod.path("metadata").has("deletionTimestamp")) {
            if (older(pod, "deletionTimestamp", 1)) {
                store.remove(Kind.POD, namespace(pod), name(pod));
                logs.forget(uid);
                files.forget(uid);
            }
            return;
        }
        String phase = Json.text(pod, "status", "phase");
        if (phase.isEmpty()) {
            PodStatus status = new PodStatus(pod, timers.now(), "10.244.0." + address++ % 250);
            status.pending();
            store.update(Kind.POD, namespace(pod), name(pod), status.pod(), false);
            events.tell(pod, Kind.POD, "Scheduled", "Successfully assigned " + namespace(pod) + "/" + name(pod) + " to demo-node");
        } else if (phase.equals("Pending")) {
            PodStatus status = new PodStatus(pod, timers.now(), Json.text(pod, "status", "podIP"));
            status.running();
            store.update(Kind.POD, namespace(pod), name(pod), status.pod(), false);
            events.tell(pod, Kind.POD, "Started", "Started container " + pod.at("/spec/containers/0/name").asText());
            logs.print(uid, "container " + pod.at("/spec/containers/0/name").asText() + " of pod " + name(pod) + " started");
        } else if (phase.equals("Running")) {
            run(pod, uid);
        } else if (Json.text(pod, "metadata", "labels", "app").equals("visitor") && older(pod, "creationTimestamp", 2 * VISIT_EVERY)) {
            store.remove(Kind.POD, namespace(pod), name(pod));
            logs.forget(uid);
        }
    }

    private void run(ObjectNode pod, String uid) throws ApiFailure {
        switch (Json.text(pod, "metadata", "labels", "app")) {
            case "clock" -> logs.print(uid, "it is " + seconds(timers.now()));
            case "visitor" -> {
                logs.print(uid, "looking around");
                if (older(pod, "creationTimestamp", VISIT_LASTS)) {
                    PodStatus status = new PodStatus(pod, timers.now(), Json.text(pod, "status", "podIP"));
                    status.completed();
                    store.update(Kind.POD, namespace(pod), name(pod), status.pod(), false);
                }
            }
            default -> {
                // runs, and says nothing
            }
        }
    }

    private boolean older(ObjectNode object, String timestamp, int seconds) {
        return !Instant.parse(Json.text(object, "metadata", timestamp)).plusSeconds(seconds).isAfter(timers.now());
    }

    private static String name(ObjectNode object) {
        return Json.text(object, "metadata", "name");
    }

    private static String namespace(ObjectNode object) {
        return Json.text(object, "metadata", "namespace");
    }

    private static String seconds(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** How often {@link #step} is called. */
    static Duration pace() {
        return Duration.ofSeconds(1);
    }
}
