package org.openkas.testkit;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;

/**
 * A collector of traces over OTLP/HTTP: takes every batch on every path and records it. Reads the protobuf messages by their
 * field numbers, so that it believes nothing that the server's own library believes. Thread-safe.
 */
public final class FakeCollector implements AutoCloseable {
    private static final HexFormat HEX = HexFormat.of();

    /** A batch. */
    public record Post(String path, Map<String, String> headers) {
    }

    /** A span; {@code kind} is 1 for internal, 2 for server, 3 for client; {@code status} is 0 for unset, 1 for ok, 2 for error. */
    public record Span(String scope, String trace, String id, String parent, String state, String name, long kind,
            Map<String, Object> attributes, List<Event> events, List<Link> links, long status, String statusText) {
    }

    /** Something that happened in a span. */
    public record Event(String name, Map<String, Object> attributes) {
    }

    /** Another span that a span has to do with. */
    public record Link(String trace, String span) {
    }

    private final HttpServer server;
    private final List<Post> posts = new CopyOnWriteArrayList<>();
    private final List<Span> spans = new CopyOnWriteArrayList<>();
    private final List<Map<String, Object>> resources = new CopyOnWriteArrayList<>();

    /** Listens on a free port of the loopback address. */
    public FakeCollector() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::take);
        server.start();
    }

    /** Where it listens, such as {@code http://127.0.0.1:4711}. */
    public String address() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private void take(HttpExchange exchange) throws IOException {
        try (exchange) {
            Map<String, String> headers = new TreeMap<>();
            exchange.getRequestHeaders().forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), String.join("|", values)));
            read(ByteString.readFrom(exchange.getRequestBody()));
            posts.add(new Post(exchange.getRequestURI().toString(), headers));
            exchange.sendResponseHeaders(200, -1);
        }
    }

    public List<Post> posts() {
        return List.copyOf(posts);
    }

    /** Spans so far, in the order in which they ended. */
    public List<Span> spans() {
        return List.copyOf(spans);
    }

    public List<Span> spans(String name) {
        return spans.stream().filter(span -> span.name().equals(name)).toList();
    }

    /** The attributes of what the batches were about. */
    public List<Map<String, Object>> resources() {
        return List.copyOf(resources);
    }

    private void read(ByteString request) throws IOException {
        for (UnknownFieldSet resourceSpans : messages(UnknownFieldSet.parseFrom(request), 1)) {
            resources.add(attributes(messages(resourceSpans, 1).getFirst(), 1));
            for (UnknownFieldSet scopeSpans : messages(resourceSpans, 2)) {
                String scope = text(messages(scopeSpans, 1).getFirst(), 1);
                for (UnknownFieldSet span : messages(scopeSpans, 2)) {
                    spans.add(span(scope, span));
                }
            }
        }
    }

    private static Span span(String scope, UnknownFieldSet span) throws InvalidProtocolBufferException {
        List<Event> events = new ArrayList<>();
        for (UnknownFieldSet event : messages(span, 11)) {
            events.add(new Event(text(event, 2), attributes(event, 3)));
        }
        List<Link> links = new ArrayList<>();
        for (UnknownFieldSet link : messages(span, 13)) {
            links.add(new Link(hex(link, 1), hex(link, 2)));
        }
        Optional<UnknownFieldSet> status = messages(span, 15).stream().findFirst();
        return new Span(scope, hex(span, 1), hex(span, 2), hex(span, 4), text(span, 3), text(span, 5), number(span, 6),
                attributes(span, 9), events, links, status.map(set -> number(set, 3)).orElse(0L),
                status.map(set -> text(set, 2)).orElse(""));
    }

    private static Map<String, Object> attributes(UnknownFieldSet set, int field) throws InvalidProtocolBufferException {
        Map<String, Object> attributes = new TreeMap<>();
        for (UnknownFieldSet attribute : messages(set, field)) {
            UnknownFieldSet value = messages(attribute, 2).getFirst();
            attributes.put(text(attribute, 1), value.hasField(3) ? (Object) number(value, 3) : text(value, 1));
        }
        return attributes;
    }

    private static List<UnknownFieldSet> messages(UnknownFieldSet set, int field) throws InvalidProtocolBufferException {
        List<UnknownFieldSet> messages = new ArrayList<>();
        for (ByteString message : set.getField(field).getLengthDelimitedList()) {
            messages.add(UnknownFieldSet.parseFrom(message));
        }
        return messages;
    }

    private static String text(UnknownFieldSet set, int field) {
        return set.getField(field).getLengthDelimitedList().stream().map(ByteString::toStringUtf8).findFirst().orElse("");
    }

    private static String hex(UnknownFieldSet set, int field) {
        return set.getField(field).getLengthDelimitedList().stream().map(bytes -> HEX.formatHex(bytes.toByteArray())).findFirst()
                .orElse("");
    }

    private static long number(UnknownFieldSet set, int field) {
        return set.getField(field).getVarintList().stream().findFirst().orElse(0L);
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
