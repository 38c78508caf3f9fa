package org.openkas.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The ways to change a part of an object: JSON patch, merge patch, and strategic merge patch, in which lists of the
 * well-known kinds are merged by the key that Kubernetes gives them. A server-side apply is taken for a strategic merge.
 */
final class Patches {
    private static final Map<String, List<String>> LIST_KEYS = Map.of("containers", List.of("name"), "initContainers", List.of("name"),
            "ephemeralContainers", List.of("name"), "volumes", List.of("name"), "env", List.of("name"), "volumeMounts",
            List.of("mountPath"), "ports", List.of("containerPort", "port"), "imagePullSecrets", List.of("name"), "conditions",
            List.of("type"), "ownerReferences", List.of("uid"));

    private Patches() {
    }

    /** The object after a patch of the given media type. */
    static ObjectNode apply(String mediaType, ObjectNode object, byte[] patch) throws ApiFailure {
        return switch (mediaType) {
            case "application/json-patch+json" -> jsonPatch(object, patch);
            case "application/merge-patch+json" -> merge(object.deepCopy(), Json.parse(patch), false);
            case "application/strategic-merge-patch+json", "application/apply-patch+yaml" ->
                merge(object.deepCopy(), Json.parse(patch), true);
            default -> throw new ApiFailure(415, "UnsupportedMediaType", "the patch has an unknown media type: " + mediaType);
        };
    }

    private static ObjectNode merge(ObjectNode target, ObjectNode patch, boolean strategic) {
        patch.properties().forEach(field -> {
            String name = field.getKey();
            JsonNode value = field.getValue();
            if (strategic && name.startsWith("$")) {
                directive(target, name, value);
            } else if (value.isNull()) {
                target.remove(name);
            } else if (value instanceof ObjectNode part) {
                ObjectNode present = target.get(name) instanceof ObjectNode there && !Json.text(part, "$patch").equals("replace")
                        ? there
                        : Json.object();
                target.set(name, merge(present, part, strategic));
            } else if (strategic && value instanceof ArrayNode part && LIST_KEYS.containsKey(name)
                    && target.get(name) instanceof ArrayNode present) {
                mergeList(present, part, LIST_KEYS.get(name));
            } else {
                target.set(name, value);
            }
        });
        return target;
    }

    private static void directive(ObjectNode target, String name, JsonNode value) {
        if (name.equals("$retainKeys")) {
            List<String> kept = new ArrayList<>();
            value.forEach(key -> kept.add(key.asText()));
            target.retain(kept);
        } else if (name.startsWith("$deleteFromPrimitiveList/") && target.get(name.substring(25)) instanceof ArrayNode list) {
            value.forEach(gone -> {
                for (int i = list.size() - 1; i >= 0; i--) {
                    if (list.get(i).equals(gone)) {
                        list.remove(i);
                    }
                }
            });
        }
    }

    private static void mergeList(ArrayNode present, ArrayNode patch, List<String> keys) {
        for (JsonNode item : patch) {
            int at = indexOf(present, item, keys);
            if (Json.text(item, "$patch").equals("delete")) {
                if (at >= 0) {
                    present.remove(at);
                }
            } else if (at >= 0 && present.get(at) instanceof ObjectNode there && item instanceof ObjectNode part) {
                merge(there, part, true);
            } else {
                present.add(item);
            }
        }
    }

    private static int indexOf(ArrayNode list, JsonNode item, List<String> keys) {
        Optional<String> key = keys.stream().filter(item::has).findFirst();
        for (int i = 0; key.isPresent() && i < list.size(); i++) {
            if (list.get(i).path(key.get()).equals(item.path(key.get()))) {
                return i;
            }
        }
        return -1;
    }

    private static ObjectNode jsonPatch(ObjectNode object, byte[] patch) throws ApiFailure {
        ObjectNode holder = Json.object();
        holder.set("", object.deepCopy());
        byte[] wrapped = ("{\"steps\":" + new String(patch, java.nio.charset.StandardCharsets.UTF_8) + "}")
                .getBytes(java.nio.charset.StandardCharsets.UTF_8);
        for (JsonNode step : Json.parse(wrapped).path("steps")) {
            step(holder, step);
        }
        if (holder.get("") instanceof ObjectNode changed) {
            return changed;
        }
        throw ApiFailure.bad("the patch leaves no object");
    }

    private static void step(ObjectNode holder, JsonNode step) throws ApiFailure {
        String operation = Json.text(step, "op");
        String path = Json.text(step, "path");
        switch (operation) {
            case "add", "replace" -> put(holder, path, step.path("value"), operation.equals("add"));
            case "remove" -> remove(holder, path);
            case "test" -> {
                if (!holder.at("/" + path).equals(step.path("value"))) {
                    throw new ApiFailure(422, "Invalid", "the test of the patch at " + path + " failed");
                }
            }
            case "copy", "move" -> {
                String from = Json.text(step, "from");
                JsonNode value = holder.at("/" + from).deepCopy();
                if (operation.equals("move")) {
                    remove(holder, from);
                }
                put(holder, path, value, true);
            }
            default -> throw ApiFailure.bad("the patch has an unknown operation: " + operation);
        }
    }

    private static void put(ObjectNode holder, String path, JsonNode value, boolean insert) throws ApiFailure {
        String last = last(path);
        switch (parent(holder, path)) {
            case ObjectNode object -> object.set(last, value);
            case ArrayNode list when last.equals("-") -> list.add(value);
            case ArrayNode list when insert && last.matches("\\d{1,4}") && Integer.parseInt(last) <= list.size() ->
                list.insert(Integer.parseInt(last), value);
            case ArrayNode list when last.matches("\\d{1,4}") && Integer.parseInt(last) < list.size() ->
                list.set(Integer.parseInt(last), value);
            default -> throw new ApiFailure(422, "Invalid", "the patch names a path that is not there: " + path);
        }
    }

    private static void remove(ObjectNode holder, String path) throws ApiFailure {
        JsonNode parent = parent(holder, path);
        String last = last(path);
        boolean there = switch (parent) {
            case ObjectNode object -> object.remove(last) != null;
            case ArrayNode list -> last.matches("\\d{1,4}") && list.remove(Integer.parseInt(last)) != null;
            default -> false;
        };
        if (!there) {
            throw new ApiFailure(422, "Invalid", "the patch removes what is not there: " + path);
        }
    }

    private static JsonNode parent(ObjectNode holder, String path) {
        return holder.at("/" + path.substring(0, Math.max(0, path.lastIndexOf('/'))));
    }

    private static String last(String path) {
        return path.substring(path.lastIndexOf('/') + 1).replace("~1", "/").replace("~0", "~");
    }
}
