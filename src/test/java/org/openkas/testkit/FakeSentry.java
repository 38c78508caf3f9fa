package org.openkas.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;

/** A Sentry that takes envelopes and records the events in them. Answers as told; can be made to wait. Thread-safe. */
public final class FakeSentry implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** An envelope with its one event. */
    public record Envelope(String path, Map<String, String> headers, JsonNode head, JsonNode event) {
    }

    private final HttpServer server;
    private final List<Envelope> envelopes = new CopyOnWriteArrayList<>();
    private volatile int status = 200;
    private volatile CountDownLatch gate = new CountDownLatch(0);

    /** Listens on a free port of the loopback address. */
    public FakeSentry() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::take);
        server.start();
    }

    /** What clients are told, with {@code key} as their key. */
    public String dsn(String key) {
        return "http://" + key + "@127.0.0.1:" + server.getAddress().getPort() + "/17";
    }

    /** Answers with this status from now on. */
    public void answer(int code) {
        status = code;
    }

    /** Answers nobody until {@link #goOn}. */
    public void hold() {
        gate = new CountDownLatch(1);
    }

    public void goOn() {
        gate.countDown();
    }

    public List<Envelope> envelopes() {
        return List.copyOf(envelopes);
    }

    private void take(HttpExchange exchange) throws IOException {
        try (exchange) {
            String[] lines = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8).split("\n", -1);
            Map<String, String> headers = new TreeMap<>();
            exchange.getRequestHeaders().forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), String.join("|", values)));
            JsonNode item = JSON.readTree(lines[1]);
            if (!item.path("type").asText().equals("event")
                    || item.path("length").asInt() != lines[2].getBytes(StandardCharsets.UTF_8).length) {
                throw new AssertionError("the item's header does not describe the item: " + lines[1]);
            }
            envelopes.add(new Envelope(exchange.getRequestURI().toString(), headers, JSON.readTree(lines[0]), JSON.readTree(lines[2])));
            gate.await();
            exchange.sendResponseHeaders(status, -1);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Is gone from now on. */
    public void stop() {
        goOn();
        server.stop(0);
    }

    @Override
    public void close() {
        stop();
    }
}
