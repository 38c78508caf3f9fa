package org.openkas.demo;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;

/**
 * The schemas of one group, as far as kubectl needs them: that a patch takes {@code fieldValidation} and {@code dryRun}, so
 * that it leaves checking to the server, and what {@code kubectl explain} prints.
 */
final class OpenApi {
    private OpenApi() {
    }

    /** The OpenAPI 3.0 document of a group. */
    static ObjectNode document(String group, String groupVersion) {
        ObjectNode document = Json.of("{'openapi':'3.0.0','info':{'title':'OpenKAS demo cluster','version':'" + Discovery.VERSION + "'}}");
        ObjectNode paths = document.putObject("paths");
        ObjectNode schemas = document.putObject("components").putObject("schemas");
        Kind.ALL.stream().filter(kind -> kind.group().equals(group)).forEach(kind -> {
            String path = "/" + groupVersion + (kind.namespaced() ? "/namespaces/{namespace}/" : "/") + kind.plural() + "/{name}";
            paths.putObject(path).set("patch", patch(kind));
            schemas.set(schemaName(kind), schema(kind));
        });
        return document;
    }

    private static String schemaName(Kind kind) {
        return "io.k8s.api." + (kind.group().isEmpty() ? "core" : kind.group().split("\\.", 2)[0]) + ".v1." + kind.name();
    }

    private static ObjectNode patch(Kind kind) {
        ObjectNode patch = Json.object().put("description", "change a part of the " + kind.name()).put("operationId",
                "patch" + kind.name());
        ArrayNode parameters = patch.putArray("parameters");
        for (String name : new String[]{"dryRun", "fieldManager", "fieldValidation", "force"}) {
            parameters.addObject().put("name", name).put("in", "query").putObject("schema").put("type", "string");
        }
        ObjectNode content = patch.putObject("requestBody").putObject("content");
        for (String type : new String[]{"application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"}) {
            content.putObject(type).putObject("schema").put("type", "object");
        }
        patch.putObject("responses").putObject("200").put("description", "OK");
        patch.set("x-kubernetes-group-version-kind", groupVersionKind(kind));
        return patch;
    }

    private static ObjectNode groupVersionKind(Kind kind) {
        return Json.object().put("group", kind.group()).put("version", "v1").put("kind", kind.name());
    }

    private static ObjectNode schema(Kind kind) {
        String name = kind.name().toLowerCase(Locale.ROOT);
        ObjectNode schema = Json.object().put("type", "object").put("description",
                kind.name() + " in the demo cluster, which keeps what it is given and knows only a few fields itself.");
        ObjectNode properties = schema.putObject("properties");
        properties.putObject("apiVersion").put("type", "string").put("description", "Always " + kind.apiVersion() + ".");
        properties.putObject("kind").put("type", "string").put("description", "Always " + kind.name() + ".");
        properties.putObject("metadata").put("type", "object").put("description", "Name, namespace, labels and annotations of the " + name);
        switch (kind.plural()) {
            case "configmaps", "secrets" ->
                properties.putObject("data").put("type", "object").put("description", "Texts by their names.");
            case "events", "serviceaccounts" -> {
                // nothing that the demo looks at
            }
            default -> {
                properties.putObject("spec").put("type", "object").put("description", "How the " + name + " shall be.");
                properties.putObject("status").put("type", "object").put("description", "How the " + name + " is.");
            }
        }
        schema.putArray("x-kubernetes-group-version-kind").add(groupVersionKind(kind));
        return schema;
    }
}
