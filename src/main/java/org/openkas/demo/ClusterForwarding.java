package org.openkas.demo;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.grpctool.HttpResponse;
import org.openkas.proto.prototool.Values;

/**
 * Carries one request through a tunnel to a cluster and its answer back, on a connection of its own (chapter 03 §16). Two
 * threads, one per direction; each reads the next part only after the last one is written.
 */
final class ClusterForwarding {
    private static final int LARGEST_DATA = 32 * 1024;
    private static final Set<String> HOP = Set.of("transfer-encoding", "keep-alive", "connection");

    private final ClusterAddress cluster;
    private final String via;

    ClusterForwarding(ClusterAddress cluster, String via) {
        this.cluster = cluster;
        this.via = via;
    }

    /** Serves the call to its end; returns when the server has ended the tunnel too. */
    void serve(TunnelledCall call) throws StatusException, InterruptedException {
        Optional<HttpRequest> first = call.receive();
        if (first.isEmpty() || !first.get().hasHeader()) {
            call.end(Status.INVALID_ARGUMENT.withDescription("the first message is no header"));
            call.awaitEnd();
            return;
        }
        Thread requests;
        Socket socket;
        try {
            ClusterRequest request = ClusterRequest.of(first.get().getHeader(), cluster, "gRPC/1.0 " + via);
            socket = cluster.connect();
            requests = Thread.ofVirtual().start(() -> upstream(call, request, socket));
            try (socket) {
                answer(call, request, first.get().getHeader().getRequest().getMethod(), socket);
            }
        } catch (IOException e) {
            call.end(Status.UNAVAILABLE.withDescription("gRPC -> HTTP: " + e.getMessage()));
            call.awaitEnd();
            return;
        } catch (StatusRuntimeException e) {
            call.end(e.getStatus());
            call.awaitEnd();
            return;
        }
        call.end(Status.OK);
        requests.join();
    }

    /** The caller's part: runs until the tunnel has ended, and closes the connection if it broke. */
    private static void upstream(TunnelledCall call, ClusterRequest request, Socket socket) {
        try {
            OutputStream out = new BufferedOutputStream(socket.getOutputStream(), LARGEST_DATA);
            request.head().writeTo(out);
            out.flush();
            OutputStream body = request.chunked() ? new ChunkedOutput(out) : out;
            boolean bodyOver = !request.chunked();
            for (Optional<HttpRequest> next = call.receive(); next.isPresent(); next = call.receive()) {
                HttpRequest message = next.get();
                if (message.hasData() && !bodyOver) {
                    message.getData().getData().writeTo(body);
                } else if (message.hasTrailer() && !bodyOver) {
                    bodyOver = true;
                    body.close();
                } else if (message.hasUpgradeData() && request.upgrade()) {
                    message.getUpgradeData().getData().writeTo(out);
                    out.flush();
                }
            }
            if (!bodyOver) {
                body.close();
            }
            if (request.upgrade()) {
                // the caller has left: nobody would end the other protocol
                socket.close();
            }
            call.awaitEnd();
        } catch (IOException e) {
            // the cluster takes no more: its answer, or the end of it, tells the caller
            drain(call, socket);
        } catch (StatusException e) {
            close(socket);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            close(socket);
        }
    }

    private static void drain(TunnelledCall call, Socket socket) {
        try {
            while (call.receive().isPresent()) {
                // nobody takes it
            }
            call.awaitEnd();
        } catch (StatusException e) {
            close(socket);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // closed all the same
        }
    }

    private void answer(TunnelledCall call, ClusterRequest request, String method, Socket socket)
            throws IOException, StatusException, InterruptedException {
        InputStream in = new BufferedInputStream(socket.getInputStream(), LARGEST_DATA);
        HttpHead head = nextHead(in);
        while (head.status() < 200 && head.status() != 101) {
            head = nextHead(in);
        }
        int status = head.status();
        call.send(HttpResponse.newBuilder().setHeader(HttpResponse.Header.newBuilder().setResponse(response(head))).build());
        boolean upgraded = status == 101 && request.upgrade();
        boolean noBody = method.equals("HEAD") || status == 204 || status == 304 || status == 101;
        if (!noBody) {
            copy(HttpBody.ofResponse(head, in), call, false);
        }
        call.send(HttpResponse.newBuilder().setTrailer(HttpResponse.Trailer.getDefaultInstance()).build());
        if (upgraded) {
            try {
                copy(in, call, true);
            } catch (IOException e) {
                // the other protocol has ended, in order or not: the end of the call says so
            }
        }
    }

    private static HttpHead nextHead(InputStream in) throws IOException {
        return HttpHead.read(in).orElseThrow(() -> new EOFException("the cluster closed the connection without an answer"));
    }

    private static void copy(InputStream in, TunnelledCall call, boolean upgraded)
            throws IOException, StatusException, InterruptedException {
        byte[] bytes = new byte[LARGEST_DATA];
        for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
            call.send(bytes, count, upgraded);
        }
    }

    private org.openkas.proto.prototool.HttpResponse response(HttpHead head) throws IOException {
        Map<String, Values.Builder> fields = new HashMap<>();
        boolean upgraded = head.status() == 101;
        head.fields().forEach(field -> {
            String lower = field.name().toLowerCase(Locale.ROOT);
            if (!HOP.contains(lower) || (upgraded && lower.equals("connection"))) {
                fields.computeIfAbsent(canonical(field.name()), name -> Values.newBuilder()).addValue(field.value());
            }
        });
        fields.computeIfAbsent("Via", name -> Values.newBuilder()).addValue("1.1 " + via);
        var response = org.openkas.proto.prototool.HttpResponse.newBuilder().setStatusCode(head.status())
                .setStatus(head.startLine().substring(head.startLine().indexOf(' ') + 1));
        fields.forEach((name, values) -> response.putHeader(name, values.build()));
        return response.build();
    }

    /** A header's name with capital letters at the beginning of its parts, as the receiver looks names up. */
    private static String canonical(String name) {
        StringBuilder canonical = new StringBuilder();
        boolean first = true;
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            canonical.append(first ? Character.toUpperCase(c) : Character.toLowerCase(c));
            first = c == '-';
        }
        return canonical.toString();
    }
}
