package org.openkas.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * As much of a Kubernetes API as an agent needs to run outside of a cluster: the version, discovery of a few kinds, leases
 * that are taken by optimistic locking and can be watched, events that are taken and forgotten. Everything else does not exist. Plain HTTP on
 * a free port of the loopback address; thread-safe.
 */
public final class FakeKubernetes implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String LEASES = "/apis/coordination.k8s.io/v1/namespaces/[^/]+/leases";

    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpServer server;
    private final Map<String, ObjectNode> leases = new TreeMap<>();
    private final List<String> requests = new ArrayList<>();
    private final List<Map<String, List<String>>> headers = new ArrayList<>();
    private final LeaseWatches watches = new LeaseWatches();
    private long version = 100;

    private record Answer(int status, JsonNode body) {
    }

    /** Listens. */
    public FakeKubernetes() throws IOException {
        this(Map.of());
    }

    /** As the other; what begins with one of these paths is somebody else's to answer, and is not noted. */
    public FakeKubernetes(Map<String, HttpHandler> paths) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 64);
        server.setExecutor(executor);
        server.createContext("/", this::handle);
        paths.forEach(server::createContext);
        server.start();
    }

    /** Writes a kubeconfig that leads here. */
    public Path kubeconfig(Path file) throws IOException {
        return Files.writeString(file, """
                apiVersion: v1
                kind: Config
                clusters: [{name: fake, cluster: {server: "http://127.0.0.1:%d"}}]
                users: [{name: fake, user: {token: a-service-account-token}}]
                contexts: [{name: fake, context: {cluster: fake, user: fake, namespace: gitlab-agent}}]
                current-context: fake
                """.formatted(server.getAddress().getPort()));
    }

    /** Where it listens. */
    public String address() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** Method and path of all requests so far. */
    public synchronized List<String> requests() {
        return List.copyOf(requests);
    }

    /** Headers of all requests so far, by lower-case name. */
    public synchronized List<Map<String, List<String>>> headers() {
        return List.copyOf(headers);
    }

    private synchronized void note(Headers sent) {
        Map<String, List<String>> lines = new TreeMap<>();
        sent.forEach((name, values) -> lines.put(name.toLowerCase(Locale.ROOT), List.copyOf(values)));
        headers.add(lines);
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            note(exchange.getRequestHeaders());
            byte[] body = exchange.getRequestBody().readAllBytes();
            if (isWatch(exchange)) {
                watches.serve(exchange);
                return;
            }
            Answer answer = answer(exchange.getRequestMethod(), exchange.getRequestURI().getPath(), body);
            byte[] bytes = JSON.writeValueAsBytes(answer.body());
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(answer.status(), bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    private static boolean isWatch(HttpExchange exchange) {
        return exchange.getRequestMethod().equals("GET") && exchange.getRequestURI().getPath().matches(LEASES)
                && String.valueOf(exchange.getRequestURI().getQuery()).contains("watch=true");
    }

    private synchronized Answer answer(String method, String path, byte[] body) throws IOException {
        requests.add(method + " " + path);
        if (path.matches(LEASES) && method.equals("POST")) {
            ObjectNode lease = (ObjectNode) JSON.readTree(body);
            return store(path + "/" + lease.path("metadata").path("name").asText(), lease, 201);
        }
        if (path.matches(LEASES + "/[^/]+")) {
            return lease(method, path, body);
        }
        if (path.matches("/api/v1/namespaces/[^/]+/events") && method.equals("POST")) {
            return new Answer(201, stamped((ObjectNode) JSON.readTree(body)));
        }
        return method.equals("GET") ? known(path) : failure(405, "MethodNotAllowed");
    }

    private Answer lease(String method, String path, byte[] body) throws IOException {
        ObjectNode present = leases.get(path);
        if (present == null) {
            return failure(404, "NotFound");
        }
        return switch (method) {
            case "GET" -> new Answer(200, present);
            case "PUT" -> {
                ObjectNode lease = (ObjectNode) JSON.readTree(body);
                yield lease.path("metadata").path("resourceVersion").equals(present.path("metadata").path("resourceVersion"))
                        ? store(path, lease, 200)
                        : failure(409, "Conflict");
            }
            default -> failure(405, "MethodNotAllowed");
        };
    }

    private Answer store(String path, ObjectNode lease, int status) {
        if (status == 201 && leases.containsKey(path)) {
            return failure(409, "AlreadyExists");
        }
        leases.put(path, stamped(lease));
        watches.stored(path, status == 201, lease);
        return new Answer(status, lease);
    }

    private ObjectNode stamped(ObjectNode object) {
        ObjectNode metadata = object.withObjectProperty("metadata");
        metadata.put("resourceVersion", Long.toString(++version));
        if (!metadata.hasNonNull("uid")) {
            metadata.put("uid", UUID.randomUUID().toString()).put("creationTimestamp",
                    Instant.now().truncatedTo(java.time.temporal.ChronoUnit.SECONDS).toString());
        }
        return object;
    }

    private static Answer known(String path) throws IOException {
        String json = switch (path) {
            case "/version" -> "{'major':'1','minor':'30','gitVersion':'v1.30.0','platform':'linux/amd64'}";
            case "/api" -> "{'kind':'APIVersions','versions':['v1']}";
            case "/apis" -> """
                    {'kind':'APIGroupList','apiVersion':'v1','groups':[{'name':'coordination.k8s.io',
                    'versions':[{'groupVersion':'coordination.k8s.io/v1','version':'v1'}],
                    'preferredVersion':{'groupVersion':'coordination.k8s.io/v1','version':'v1'}}]}""";
            case "/api/v1" -> """
                    {'kind':'APIResourceList','apiVersion':'v1','groupVersion':'v1','resources':[
                    {'name':'events','singularName':'event','namespaced':true,'kind':'Event','verbs':['create']}]}""";
            case "/apis/coordination.k8s.io/v1" -> """
                    {'kind':'APIResourceList','apiVersion':'v1','groupVersion':'coordination.k8s.io/v1','resources':[
                    {'name':'leases','singularName':'lease','namespaced':true,'kind':'Lease','verbs':['create','get','update']}]}""";
            default -> "";
        };
        return json.isEmpty() ? failure(404, "NotFound") : new Answer(200, JSON.readTree(json.replace('\'', '"')));
    }

    private static Answer failure(int code, String reason) {
        ObjectNode status = JSON.createObjectNode().put("kind", "Status").put("apiVersion", "v1").put("status", "Failure")
                .put("reason", reason)
                .put("message", reason).put("code", code);
        status.putObject("metadata");
        return new Answer(code, status);
    }

    @Override
    public void close() {
        server.stop(0);
        executor.shutdownNow();
    }
}
