package org.openkas.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/** The status of a pod as it goes through life; works on a copy of the pod. For one thread. */
final class PodStatus {
    private final ObjectNode pod;
    private final ObjectNode status;
    private final String now;

    PodStatus(ObjectNode pod, Instant now, String address) {
        this.pod = pod.deepCopy();
        this.now = now.truncatedTo(ChronoUnit.SECONDS).toString();
        status = this.pod.withObjectProperty("status");
        status.put("podIP", address).put("hostIP", "10.0.0.1");
    }

    /** The pod with its status. */
    ObjectNode pod() {
        return pod;
    }

    /** It has a node, and its containers are being made. */
    void pending() {
        pod.withObjectProperty("spec").put("nodeName", "demo-node");
        status.put("phase", "Pending").put("startTime", now).put("qosClass", "BestEffort");
        state("waiting", false, Json.object().put("reason", "ContainerCreating"));
    }

    /** Its containers run. */
    void running() {
        status.put("phase", "Running");
        state("running", true, Json.object().put("startedAt", now));
    }

    /** Its containers have done their work. */
    void completed() {
        status.put("phase", "Succeeded");
        state("terminated", false, Json.object().put("exitCode", 0).put("reason", "Completed").put("finishedAt", now));
    }

    private void state(String name, boolean ready, ObjectNode state) {
        ArrayNode conditions = status.putArray("conditions");
        for (String type : new String[]{"PodScheduled", "Initialized", "ContainersReady", "Ready"}) {
            boolean met = ready || type.equals("PodScheduled") || type.equals("Initialized");
            conditions.addObject().put("type", type).put("status", met ? "True" : "False").put("lastTransitionTime", now);
        }
        ArrayNode containers = status.putArray("containerStatuses");
        for (JsonNode container : pod.at("/spec/containers")) {
            ObjectNode one = containers.addObject().put("name", container.path("name").asText())
                    .put("image", container.path("image").asText())
                    .put("imageID", "").put("containerID", "toy://" + container.path("name").asText().toLowerCase(Locale.ROOT))
                    .put("ready", ready).put("started", ready).put("restartCount", 0);
            one.putObject("state").set(name, state);
        }
    }
}
