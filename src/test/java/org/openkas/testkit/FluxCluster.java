package org.openkas.testkit;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/**
 * A cluster with Flux, as an agent sees it: the kinds of Flux are there, and one receiver for pushes to one project, whose
 * webhook counts how often it is called. It also has no deployments, which is what an agent for workspaces asks for.
 * Thread-safe.
 */
public final class FluxCluster implements AutoCloseable {
    private final List<String> triggers = new CopyOnWriteArrayList<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final FakeKubernetes kubernetes;

    /** With a receiver that waits for pushes to {@code project}. */
    public FluxCluster(String project) throws IOException {
        kubernetes = new FakeKubernetes(Map.of("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/", FluxCluster::definition,
                "/apis/source.toolkit.fluxcd.io/v1/gitrepositories", list("source.toolkit.fluxcd.io/v1", "GitRepository", ""),
                "/apis/notification.toolkit.fluxcd.io/v1/receivers",
                list("notification.toolkit.fluxcd.io/v1", "Receiver", receiver(project)),
                "/apis/apps/v1/deployments", list("apps/v1", "Deployment", ""), "/hook/", this::triggered));
    }

    public Path kubeconfig(Path file) throws IOException {
        return kubernetes.kubeconfig(file);
    }

    /** Where webhooks are called. */
    public String webhooks() {
        return kubernetes.address();
    }

    /** Paths of the webhooks that were called. */
    public List<String> triggers() {
        return List.copyOf(triggers);
    }

    private static String receiver(String project) {
        return """
                {"apiVersion":"notification.toolkit.fluxcd.io/v1","kind":"Receiver","metadata":{"name":"r","namespace":"flux-system",
                "uid":"1","resourceVersion":"1","annotations":{"agent.gitlab.com/project":"%s"}},
                "spec":{"type":"generic","resources":[],"secretRef":{"name":"s"}},"status":{"webhookPath":"/hook/r"}}""".formatted(project);
    }

    private static void definition(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        answer(exchange, """
                {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"%s"},
                "spec":{"versions":[{"name":"v1","served":true,"storage":true}]},
                "status":{"conditions":[{"type":"Established","status":"True"}]}}""".formatted(path.substring(path.lastIndexOf('/') + 1)));
    }

    private HttpHandler list(String version, String kind, String item) {
        return exchange -> {
            if (String.valueOf(exchange.getRequestURI().getQuery()).contains("watch=true")) {
                watch(exchange);
                return;
            }
            answer(exchange, "{\"apiVersion\":\"%s\",\"kind\":\"%sList\",\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[%s]}"
                    .formatted(version, kind, item));
        };
    }

    /** Nothing ever changes. */
    private void watch(HttpExchange exchange) throws IOException {
        try (exchange) {
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().flush();
            closed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void triggered(HttpExchange exchange) throws IOException {
        triggers.add(exchange.getRequestURI().getPath());
        answer(exchange, "{}");
    }

    private static void answer(HttpExchange exchange, String json) throws IOException {
        try (exchange) {
            byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    @Override
    public void close() {
        closed.countDown();
        kubernetes.close();
    }
}
