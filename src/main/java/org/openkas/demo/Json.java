package org.openkas.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/** Objects of Kubernetes as JSON trees. */
final class Json {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private Json() {
    }

    /** An empty object. */
    static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    /** An object that says what it is. */
    static ObjectNode object(String apiVersion, String kind) {
        return object().put("kind", kind).put("apiVersion", apiVersion);
    }

    /** The tree of a text of ours, in which {@code '} stands for {@code "}. */
    static ObjectNode of(String text) {
        try {
            return (ObjectNode) MAPPER.readTree(text.replace('\'', '"'));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** An object that somebody sent as JSON or YAML. */
    static ObjectNode parse(byte[] bytes) throws ApiFailure {
        JsonNode tree;
        try {
            tree = bytes.length > 0 && (bytes[0] == '{' || bytes[0] == '[')
                    ? MAPPER.readTree(bytes)
                    : MAPPER.valueToTree(
                            new Yaml(new SafeConstructor(new LoaderOptions())).load(new String(bytes, StandardCharsets.UTF_8)));
        } catch (java.io.IOException | YAMLException | IllegalArgumentException e) {
            throw ApiFailure.bad("the body is neither JSON nor YAML: " + e.getMessage());
        }
        if (tree instanceof ObjectNode object) {
            return object;
        }
        throw ApiFailure.bad("the body is not an object");
    }

    /** The bytes of a tree. */
    static byte[] bytes(JsonNode tree) {
        try {
            return MAPPER.writeValueAsBytes(tree);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** The text at a path of names, or empty text. */
    static String text(JsonNode tree, String... path) {
        JsonNode node = tree;
        for (String name : path) {
            node = node.path(name);
        }
        return node.asText();
    }
}
