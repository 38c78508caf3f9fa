package org.openkas.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Objects as the tables that {@code kubectl get} prints. */
final class Tables {
    private final Instant now;

    /** Tables whose ages count to {@code now}. */
    Tables(Instant now) {
        this.now = now;
    }

    private record Column(String name, boolean wide, Function<JsonNode, Object> cell) {
        static Column of(String name, Function<JsonNode, Object> cell) {
            return new Column(name, false, cell);
        }

        static Column wide(String name, Function<JsonNode, Object> cell) {
            return new Column(name, true, cell);
        }
    }

    /** A table of objects; {@code include} says how much of each object stands beside its row. */
    ObjectNode table(Kind kind, List<ObjectNode> objects, String include, boolean header) {
        List<Column> columns = columns(kind);
        ObjectNode table = Json.object("meta.k8s.io/v1", "Table");
        table.putObject("metadata");
        ArrayNode definitions = table.putArray("columnDefinitions");
        if (header) {
            columns.forEach(column -> definitions.addObject().put("name", column.name()).put("type", "string")
                    .put("format", column.name().equals("Name") ? "name" : "").put("description", "")
                    .put("priority", column.wide() ? 1 : 0));
        }
        ArrayNode rows = table.putArray("rows");
        for (ObjectNode object : objects) {
            ObjectNode row = rows.addObject();
            ArrayNode cells = row.putArray("cells");
            columns.forEach(column -> cells.add(String.valueOf(column.cell().apply(object))));
            switch (include) {
                case "None" -> row.putNull("object");
                case "Object" -> row.set("object", object);
                default -> row.set("object",
                        Json.object("meta.k8s.io/v1", "PartialObjectMetadata").set("metadata", object.path("metadata")));
            }
        }
        return table;
    }

    private List<Column> columns(Kind kind) {
        List<Column> columns = new ArrayList<>();
        if (kind.equals(Kind.EVENT)) {
            return List.of(Column.of("Last Seen", o -> since(Json.text(o, "lastTimestamp"))), Column.of("Type", o -> Json.text(o, "type")),
                    Column.of("Reason", o -> Json.text(o, "reason")),
                    Column.of("Object", o -> Json.text(o, "involvedObject", "kind").toLowerCase(java.util.Locale.ROOT) + "/"
                            + Json.text(o, "involvedObject", "name")),
                    Column.of("Message", o -> Json.text(o, "message")), Column.wide("Name", o -> Json.text(o, "metadata", "name")));
        }
        columns.add(Column.of("Name", o -> Json.text(o, "metadata", "name")));
        columns.addAll(middle(kind.plural()));
        List<Column> wide = wide(kind.plural());
        columns.add(Column.of("Age", o -> since(Json.text(o, "metadata", "creationTimestamp"))));
        columns.addAll(wide);
        return columns;
    }

    private static List<Column> middle(String plural) {
        return switch (plural) {
            case "pods" -> List.of(Column.of("Ready", Tables::ready), Column.of("Status", Tables::podStatus),
                    Column.of("Restarts", o -> o.at("/status/containerStatuses/0/restartCount").asInt()));
            case "namespaces" -> List.of(Column.of("Status", o -> Json.text(o, "status", "phase")));
            case "nodes" -> List.of(Column.of("Status", o -> "Ready"), Column.of("Roles", o -> "<none>"));
            case "configmaps" -> List.of(Column.of("Data", o -> o.path("data").size() + o.path("binaryData").size()));
            case "secrets" -> List.of(Column.of("Type", o -> o.path("type").asText("Opaque")),
                    Column.of("Data", o -> o.path("data").size()));
            case "deployments" -> List.of(
                    Column.of("Ready", o -> o.at("/status/readyReplicas").asInt() + "/" + o.at("/spec/replicas").asInt()),
                    Column.of("Up-to-date", o -> o.at("/status/updatedReplicas").asInt()),
                    Column.of("Available", o -> o.at("/status/availableReplicas").asInt()));
            case "replicasets" -> List.of(Column.of("Desired", o -> o.at("/spec/replicas").asInt()),
                    Column.of("Current", o -> o.at("/status/replicas").asInt()),
                    Column.of("Ready", o -> o.at("/status/readyReplicas").asInt()));
            case "services" -> List.of(Column.of("Type", o -> o.at("/spec/type").asText("ClusterIP")),
                    Column.of("Cluster-IP", o -> o.at("/spec/clusterIP").asText("<none>")), Column.of("External-IP", o -> "<none>"),
                    Column.of("Port(s)", Tables::ports));
            case "leases" -> List.of(Column.of("Holder", o -> o.at("/spec/holderIdentity").asText()));
            default -> List.of();
        };
    }

    private static List<Column> wide(String plural) {
        return switch (plural) {
            case "pods" -> List.of(Column.wide("IP", o -> o.at("/status/podIP").asText("<none>")),
                    Column.wide("Node", o -> o.at("/spec/nodeName").asText("<none>")));
            case "nodes" -> List.of(Column.of("Version", o -> o.at("/status/nodeInfo/kubeletVersion").asText()),
                    Column.wide("OS-Image", o -> o.at("/status/nodeInfo/osImage").asText()));
            default -> List.of();
        };
    }

    private static String ready(JsonNode pod) {
        int ready = 0;
        for (JsonNode container : pod.at("/status/containerStatuses")) {
            ready += container.path("ready").asBoolean() ? 1 : 0;
        }
        return ready + "/" + pod.at("/spec/containers").size();
    }

    private static String podStatus(JsonNode pod) {
        if (pod.path("metadata").has("deletionTimestamp")) {
            return "Terminating";
        }
        JsonNode state = pod.at("/status/containerStatuses/0/state");
        String reason = Json.text(state, "waiting", "reason") + Json.text(state, "terminated", "reason");
        return reason.isEmpty() ? Json.text(pod, "status", "phase") : reason;
    }

    private static String ports(JsonNode service) {
        List<String> ports = new ArrayList<>();
        service.at("/spec/ports").forEach(port -> ports.add(port.path("port").asInt() + "/" + port.path("protocol").asText("TCP")));
        return ports.isEmpty() ? "<none>" : String.join(",", ports);
    }

    private String since(String instant) {
        try {
            return age(Duration.between(Instant.parse(instant), now));
        } catch (DateTimeParseException e) {
            return "<unknown>";
        }
    }

    /** A duration as kubectl writes ages: two units for small numbers, one for larger ones. */
    static String age(Duration duration) {
        long seconds = Math.max(0, duration.toSeconds());
        long minutes = seconds / 60;
        long hours = minutes / 60;
        if (minutes < 2) {
            return seconds + "s";
        }
        if (minutes < 10) {
            return minutes + "m" + (seconds % 60 == 0 ? "" : seconds % 60 + "s");
        }
        if (hours < 3) {
            return minutes + "m";
        }
        if (hours < 8) {
            return hours + "h" + (minutes % 60 == 0 ? "" : minutes % 60 + "m");
        }
        return hours < 48 ? hours + "h" : hours / 24 + "d";
    }
}
