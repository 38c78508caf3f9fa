package org.openkas.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;

/** Those who watch the leases of a namespace: each gets what is stored from then on, one event a line. Thread-safe. */
final class LeaseWatches {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Set<Watch> watches = ConcurrentHashMap.newKeySet();

    private record Watch(String path, BlockingQueue<byte[]> events) {
    }

    /** Tells those who watch the namespace that an object there is new, or is another now. */
    void stored(String path, boolean added, JsonNode object) {
        byte[] line = (JSON.createObjectNode().put("type", added ? "ADDED" : "MODIFIED").set("object", object) + "\n")
                .getBytes(StandardCharsets.UTF_8);
        watches.stream().filter(watch -> path.startsWith(watch.path() + "/")).forEach(watch -> watch.events().add(line));
    }

    /** Answers with events until its client has left, which the next event shows, or the thread is interrupted. */
    void serve(HttpExchange exchange) throws IOException {
        Watch watch = new Watch(exchange.getRequestURI().getPath(), new LinkedBlockingQueue<>());
        watches.add(watch);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, 0);
        try (OutputStream body = exchange.getResponseBody()) {
            body.flush();
            while (true) {
                body.write(watch.events().take());
                body.flush();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            watches.remove(watch);
        }
    }
}
