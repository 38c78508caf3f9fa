package org.openkas.demo;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** One request to the demo cluster and its answer, on blocking streams. For the thread that serves the request. */
final class ApiExchange {
    private static final int LARGEST_BODY = 3 * 1024 * 1024;

    private final HttpHead head;
    private final Socket socket;
    private final InputStream in;
    private final InputStream body;
    private final OutputStream out;
    private final String method;
    private final String path;
    private final Map<String, List<String>> query = new TreeMap<>();
    private boolean answered;
    private boolean keepsOpen;

    ApiExchange(HttpHead head, Socket socket, InputStream in) throws IOException {
        this.head = head;
        this.socket = socket;
        this.in = in;
        body = HttpBody.ofRequest(head, in);
        out = new BufferedOutputStream(socket.getOutputStream(), 32 * 1024);
        String[] line = head.startLine().split(" ", -1);
        if (line.length != 3 || !line[2].startsWith("HTTP/1.")) {
            throw new IOException("not a request of HTTP/1: " + head.startLine());
        }
        method = line[0];
        URI uri;
        try {
            uri = URI.create(line[1]);
        } catch (IllegalArgumentException e) {
            throw new IOException("not a request target: " + line[1], e);
        }
        path = Optional.ofNullable(uri.getPath()).orElse("/");
        for (String pair : Optional.ofNullable(uri.getRawQuery()).orElse("").split("&", -1)) {
            String[] parts = pair.split("=", 2);
            if (!parts[0].isEmpty()) {
                query.computeIfAbsent(decoded(parts[0]), name -> new ArrayList<>()).add(parts.length > 1 ? decoded(parts[1]) : "");
            }
        }
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    HttpHead head() {
        return head;
    }

    String method() {
        return method;
    }

    /** The path, decoded. */
    String path() {
        return path;
    }

    /** The parts of the path between slashes. */
    List<String> segments() {
        return Arrays.stream(path.split("/", -1)).filter(part -> !part.isEmpty()).toList();
    }

    /** The first value of a query parameter, or empty text. */
    String parameter(String name) {
        return query.getOrDefault(name, List.of("")).getFirst();
    }

    /** All values of a query parameter. */
    List<String> parameters(String name) {
        return query.getOrDefault(name, List.of());
    }

    /** Whether a query parameter says yes. */
    boolean flag(String name) {
        return query.containsKey(name) && !List.of("false", "0").contains(parameter(name));
    }

    /** The whole body. */
    byte[] content() throws IOException, ApiFailure {
        byte[] content = body.readNBytes(LARGEST_BODY + 1);
        if (content.length > LARGEST_BODY) {
            throw new ApiFailure(413, "RequestEntityTooLarge", "the body is larger than " + LARGEST_BODY + " bytes");
        }
        boolean protobuf = head.value("Content-Type").orElse("").startsWith(ProtobufBody.MEDIA_TYPE) && content.length > 0;
        return protobuf ? ProtobufBody.json(content) : content;
    }

    /** Answers with a JSON body. */
    void json(int status, JsonNode tree) throws IOException {
        whole(status, "application/json", Json.bytes(tree));
    }

    /** Answers with plain text. */
    void text(int status, String text) throws IOException {
        whole(status, "text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
    }

    private void whole(int status, String type, byte[] bytes) throws IOException {
        answered = true;
        keepsOpen = body.skip(LARGEST_BODY) < LARGEST_BODY && !head.lists("Connection", "close");
        head(status, "Content-Type", type, "Content-Length", Integer.toString(bytes.length), "Connection",
                keepsOpen ? "keep-alive" : "close").writeTo(out);
        if (!method.equals("HEAD")) {
            out.write(bytes);
        }
        out.flush();
    }

    /**
     * Answers with a body whose parts go out as they are written. If the client leaves, the connection is closed and the
     * calling thread interrupted.
     */
    OutputStream stream(String type) throws IOException {
        answered = true;
        head(200, "Content-Type", type, "Transfer-Encoding", "chunked", "Connection", "close").writeTo(out);
        out.flush();
        Thread server = Thread.currentThread();
        Thread.ofVirtual().start(() -> {
            try {
                in.transferTo(OutputStream.nullOutputStream());
            } catch (IOException e) {
                // gone is gone
            }
            server.interrupt();
        });
        return new ChunkedOutput(out);
    }

    /** Switches protocols; the streams of the connection belong to the caller then. */
    Upgraded upgrade(String protocol, String... headers) throws IOException {
        answered = true;
        List<String> all = new ArrayList<>(List.of("Connection", "Upgrade", "Upgrade", protocol));
        all.addAll(List.of(headers));
        HttpHead.of("HTTP/1.1 101 Switching Protocols", all.toArray(String[]::new)).writeTo(out);
        out.flush();
        return new Upgraded(in, out, socket);
    }

    /** A connection that speaks something else than HTTP now; closing it closes the connection. */
    record Upgraded(InputStream in, OutputStream out, Socket socket) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    /** Whether an answer has begun. */
    boolean answered() {
        return answered;
    }

    /** Whether the connection can take the next request. */
    boolean keepsOpen() {
        return keepsOpen;
    }

    private static HttpHead head(int status, String... headers) {
        return HttpHead.of("HTTP/1.1 " + status + " " + (status < 300 ? "OK" : "Refused"), headers);
    }
}
