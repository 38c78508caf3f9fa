package org.openkas.demo;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The ports of a pod as {@code kubectl port-forward} reaches them: pairs of SPDY streams, one for data and one for errors. On
 * port 80 there is a toy web server, on port 7 what is sent comes back.
 */
final class ForwardedPorts {
    private static final int LARGEST_BODY = 1024 * 1024;

    private final String pod;
    private final Consumer<String> log;
    private final Map<String, SpdyConnection.Stream> errors = new HashMap<>();

    /** {@code log} takes what the pod prints. */
    ForwardedPorts(String pod, Consumer<String> log) {
        this.pod = pod;
        this.log = log;
    }

    /** Serves until the client closes the connection. */
    void serve(SpdyConnection connection) throws IOException {
        connection.serve(stream -> {
            String pair = stream.header("requestid");
            if (stream.header("streamtype").equals("error")) {
                errors.put(pair, stream);
            } else {
                Optional<SpdyConnection.Stream> error = Optional.ofNullable(errors.remove(pair));
                Thread.ofVirtual().start(() -> connect(stream, error));
            }
        });
    }

    private void connect(SpdyConnection.Stream data, Optional<SpdyConnection.Stream> error) {
        try {
            switch (data.header("port")) {
                case "80" -> web(new BufferedInputStream(data.received()), data);
                case "7" -> data.received().transferTo(data);
                default -> {
                    if (error.isPresent()) {
                        error.get().write(("pod " + pod + ": connect to port " + data.header("port") + ": connection refused")
                                .getBytes(StandardCharsets.UTF_8));
                    }
                }
            }
            data.close();
            if (error.isPresent()) {
                error.get().close();
            }
        } catch (IOException e) {
            // the client has gone
        }
        data.done();
        error.ifPresent(SpdyConnection.Stream::done);
    }

    private void web(InputStream in, OutputStream out) throws IOException {
        Optional<HttpHead> head = HttpHead.read(in);
        if (head.isEmpty()) {
            return;
        }
        log.accept(head.get().startLine());
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.write(("Hello from pod " + pod + "\n").getBytes(StandardCharsets.UTF_8));
        body.write(HttpBody.ofRequest(head.get(), in).readNBytes(LARGEST_BODY));
        HttpHead.of("HTTP/1.1 200 OK", "Content-Type", "text/plain", "Content-Length", Integer.toString(body.size()), "Connection", "close")
                .writeTo(out);
        out.write(body.toByteArray());
    }
}
