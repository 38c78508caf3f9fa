package org.openkas.watch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.Optional;

/**
 * Reads what clients say: one JSON object a message, members in snake case, as GitLab's client sends them, or in camel case
 * (chapter 07 §8.3). Without state.
 */
final class ClientMessageReader {
    /** GitLab's ids are made of a query's field and a namespace. */
    private static final int LONGEST_ID = 1024;
    private static final ObjectReader JSON = JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build().reader();

    private ClientMessageReader() {
    }

    static ClientMessage read(String text) {
        JsonNode message;
        try {
            message = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            return new ClientMessage.Foreign("a message is not JSON");
        }
        if (message == null || !message.isObject()) {
            return new ClientMessage.Foreign("a message is not a JSON object");
        }
        Optional<String> id = text(message, "watch_id", "watchId").filter(value -> !value.isEmpty() && value.length() <= LONGEST_ID);
        String type = text(message, "type", "type").orElse("");
        if (id.isEmpty()) {
            return new ClientMessage.Foreign("a message has no watch_id of 1 to " + LONGEST_ID + " characters");
        }
        return switch (type) {
            case "watch" -> watch(id.get(), member(message, "watch_params", "watchParams"));
            case "unwatch", "stop" -> new ClientMessage.Unwatch(id.get());
            default -> new ClientMessage.Unusable(id.get(), "unknown type of message; known are watch and unwatch");
        };
    }

    private static ClientMessage watch(String id, JsonNode parameters) {
        if (!parameters.isObject()) {
            return new ClientMessage.Unusable(id, "watch_params is missing");
        }
        for (JsonNode value : parameters) {
            if (!value.isTextual() && !value.isNull()) {
                return new ClientMessage.Unusable(id, "watch_params may contain texts only");
            }
        }
        WatchTarget target = new WatchTarget(or(parameters, "group", "group"), or(parameters, "version", "version"),
                or(parameters, "resource", "resource"), or(parameters, "namespace", "namespace"),
                or(parameters, "label_selector", "labelSelector"), or(parameters, "field_selector", "fieldSelector"),
                or(parameters, "resource_version", "resourceVersion"));
        return target.problem().<ClientMessage>map(problem -> new ClientMessage.Unusable(id, problem))
                .orElseGet(() -> new ClientMessage.Watch(id, target));
    }

    private static String or(JsonNode object, String snake, String camel) {
        return text(object, snake, camel).orElse("");
    }

    private static Optional<String> text(JsonNode object, String snake, String camel) {
        JsonNode value = member(object, snake, camel);
        return value.isTextual() ? Optional.of(value.textValue()) : Optional.empty();
    }

    private static JsonNode member(JsonNode object, String snake, String camel) {
        return object.has(snake) ? object.path(snake) : object.path(camel);
    }
}
