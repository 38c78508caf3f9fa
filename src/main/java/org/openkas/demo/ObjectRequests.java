package org.openkas.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.openkas.common.Timers;

/** Get, list, watch, create, update, patch and delete of objects. Thread-safe. */
final class ObjectRequests {
    private final ObjectStore store;
    private final Timers timers;
    private final WatchRequests watches;

    ObjectRequests(ObjectStore store, Timers timers) {
        this.store = store;
        this.timers = timers;
        watches = new WatchRequests(store, timers);
    }

    /** Serves a request for one object. */
    void one(ApiExchange exchange, Kind kind, String namespace, String name) throws IOException, ApiFailure {
        boolean dryRun = exchange.flag("dryRun");
        switch (exchange.method()) {
            case "GET", "HEAD" -> answer(exchange, kind, 200, store.get(kind, namespace, name));
            case "PUT" -> {
                ObjectNode object = Json.parse(exchange.content());
                answer(exchange, kind, 200, store.update(kind, namespace, name, object, dryRun));
            }
            case "PATCH" -> patch(exchange, kind, namespace, name, dryRun);
            case "DELETE" -> answer(exchange, kind, 200, delete(exchange, kind, namespace, name, dryRun));
            default -> throw ApiFailure.notAllowed(exchange.method());
        }
    }

    /** Serves a request for all objects of a kind; an empty namespace stands for all. */
    void all(ApiExchange exchange, Kind kind, String namespace) throws IOException, ApiFailure, InterruptedException {
        switch (exchange.method()) {
            case "GET", "HEAD" -> {
                if (exchange.flag("watch")) {
                    watches.watch(exchange, kind, namespace);
                } else {
                    list(exchange, kind, namespace);
                }
            }
            case "POST" -> answer(exchange, kind, 201,
                    store.create(kind, namespace, Json.parse(exchange.content()), exchange.flag("dryRun")));
            case "DELETE" -> {
                Predicate<JsonNode> wanted = selector(exchange);
                for (ObjectNode object : store.list(kind, namespace).objects()) {
                    if (wanted.test(object)) {
                        delete(exchange, kind, Json.text(object, "metadata", "namespace"), Json.text(object, "metadata", "name"),
                                exchange.flag("dryRun"));
                    }
                }
                list(exchange, kind, namespace);
            }
            default -> throw ApiFailure.notAllowed(exchange.method());
        }
    }

    /** The scale of a deployment, which has a form of its own. */
    void scale(ApiExchange exchange, Kind kind, String namespace, String name) throws IOException, ApiFailure {
        ObjectNode deployment = store.get(kind, namespace, name);
        if (!exchange.method().equals("GET")) {
            ObjectNode scale = exchange.method().equals("PATCH")
                    ? Patches.apply(mediaType(exchange), scaleOf(deployment), exchange.content())
                    : Json.parse(exchange.content());
            ObjectNode changed = deployment.deepCopy();
            changed.withObjectProperty("spec").put("replicas", scale.at("/spec/replicas").asInt());
            deployment = store.update(kind, namespace, name, changed, exchange.flag("dryRun"));
        }
        exchange.json(200, scaleOf(deployment));
    }

    private static ObjectNode scaleOf(ObjectNode deployment) {
        ObjectNode scale = Json.object("autoscaling/v1", "Scale");
        scale.set("metadata", deployment.path("metadata"));
        scale.putObject("spec").put("replicas", deployment.at("/spec/replicas").asInt());
        scale.putObject("status").put("replicas", deployment.at("/status/replicas").asInt());
        return scale;
    }

    private void patch(ApiExchange exchange, Kind kind, String namespace, String name, boolean dryRun) throws IOException, ApiFailure {
        String type = mediaType(exchange);
        byte[] patch = exchange.content();
        // the object may change between reading and writing it: then the patch is made again
        while (true) {
            Optional<ObjectNode> present = store.find(kind, namespace, name);
            try {
                if (present.isPresent()) {
                    ObjectNode patched = Patches.apply(type, present.get(), patch);
                    answer(exchange, kind, 200, store.update(kind, namespace, name, patched, dryRun));
                } else if (type.equals("application/apply-patch+yaml")) {
                    answer(exchange, kind, 201, store.create(kind, namespace, Json.parse(patch), dryRun));
                } else {
                    throw ApiFailure.noObject(kind, name);
                }
                return;
            } catch (ApiFailure e) {
                if (e.code() != 409 || store.find(kind, namespace, name).equals(present)
                        || new String(patch, java.nio.charset.StandardCharsets.UTF_8).contains("\"resourceVersion\"")) {
                    throw e;
                }
            }
        }
    }

    private static String mediaType(ApiExchange exchange) {
        return exchange.head().value("Content-Type").orElse("").split(";", 2)[0].strip();
    }

    /** Pods end in their own time, unless nobody wants to wait; everything else goes at once. */
    private ObjectNode delete(ApiExchange exchange, Kind kind, String namespace, String name, boolean dryRun)
            throws IOException, ApiFailure {
        byte[] content = exchange.content();
        ObjectNode options = content.length == 0 ? Json.object() : Json.parse(content);
        int grace = options.has("gracePeriodSeconds")
                ? options.path("gracePeriodSeconds").asInt()
                : exchange.parameter("gracePeriodSeconds").matches("\\d{1,6}")
                        ? Integer.parseInt(exchange.parameter("gracePeriodSeconds"))
                        : 30;
        ObjectNode object = store.get(kind, namespace, name);
        boolean dry = dryRun || options.path("dryRun").size() > 0;
        boolean slow = kind.equals(Kind.POD) || kind.equals(Kind.NAMESPACE);
        if (slow && grace > 0) {
            ObjectNode ending = object.deepCopy();
            ending.withObjectProperty("metadata").put("deletionTimestamp", timers.now().truncatedTo(ChronoUnit.SECONDS).toString())
                    .put("deletionGracePeriodSeconds", grace);
            return store.update(kind, namespace, name, ending, dry);
        }
        if (!dry) {
            store.remove(kind, namespace, name);
        }
        return object;
    }

    private void list(ApiExchange exchange, Kind kind, String namespace) throws IOException, ApiFailure {
        Predicate<JsonNode> wanted = selector(exchange);
        ObjectStore.Snapshot snapshot = store.list(kind, namespace);
        List<ObjectNode> objects = snapshot.objects().stream().filter(wanted).toList();
        ObjectNode answer;
        if (asTable(exchange)) {
            answer = new Tables(timers.now()).table(kind, objects, exchange.parameter("includeObject"), true);
        } else {
            answer = Json.object(kind.apiVersion(), kind.name() + "List");
            answer.putObject("metadata");
            answer.putArray("items").addAll(objects);
        }
        answer.withObjectProperty("metadata").put("resourceVersion", Long.toString(snapshot.version()));
        exchange.json(200, answer);
    }

    private void answer(ApiExchange exchange, Kind kind, int status, ObjectNode object) throws IOException {
        exchange.json(status,
                asTable(exchange)
                        ? new Tables(timers.now()).table(kind, List.of(object), exchange.parameter("includeObject"), true)
                        : object);
    }

    /** Whether the client wants rows for people in place of objects. */
    static boolean asTable(ApiExchange exchange) {
        // the first form that we know wins; the client lists plain JSON last
        return exchange.head().members("Accept").stream()
                .anyMatch(type -> type.contains("as=Table") && (type.contains("v=v1;") || type.endsWith("v=v1")));
    }

    /** Which objects the client wants. */
    static Predicate<JsonNode> selector(ApiExchange exchange) throws ApiFailure {
        return Selector.of(exchange.parameter("labelSelector"), exchange.parameter("fieldSelector"));
    }
}
