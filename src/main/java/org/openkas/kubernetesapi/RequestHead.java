package org.openkas.kubernetesapi;

import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A request without its body, as far as HTTP itself has no objection. Immutable but for the header lines.
 *
 * @param contentLength as chapter 03 §10.4 says: -1 for unknown, 0 for no body
 * @param keepAlive whether the client will use the connection for further requests
 */
record RequestHead(String method, RequestTarget target, HeaderLines headers, HttpVersion version, long contentLength,
        boolean expectsContinue,
        boolean keepAlive) {

    /** An answer that HTTP demands before anybody looks at what is asked (chapter 03 §2.3). The connection ends with it. */
    record Objection(int status, String text) {
    }

    /** Either of the two. */
    sealed interface Reading {
    }

    /** The request can be looked at. */
    record Read(RequestHead head) implements Reading {
    }

    /** The request cannot be looked at. */
    record Objected(Objection objection) implements Reading {
    }

    static Reading of(HttpRequest request) {
        if (request.decoderResult().isFailure()) {
            boolean large = request.decoderResult().cause() instanceof TooLongFrameException;
            return large ? objected(431, "431 Request Header Fields Too Large") : objected(400, "400 Bad Request");
        }
        HeaderLines headers = HeaderLines.of(request.headers());
        HttpVersion version = request.protocolVersion();
        boolean http10 = version.equals(HttpVersion.HTTP_1_0);
        if (version.majorVersion() != 1 && !request.method().name().equals("PRI")) {
            return objected(505, "505 HTTP Version Not Supported: unsupported protocol version");
        }
        Optional<Objection> objection = framing(headers, http10).or(() -> host(headers, http10)).or(() -> expectation(headers));
        if (objection.isPresent()) {
            return new Objected(objection.get());
        }
        Optional<RequestTarget> target = RequestTarget.of(request.method().name(), request.uri());
        if (target.isEmpty()) {
            return objected(400, "400 Bad Request");
        }
        boolean chunked = headers.has("Transfer-Encoding");
        if (chunked) {
            headers.remove("Content-Length");
        }
        long length = chunked ? -1 : headers.first("Content-Length").map(Long::parseLong).orElse(0L);
        boolean keepAlive = !http10 && version.majorVersion() == 1
                && headers.values("Connection").stream()
                        .noneMatch(line -> List.of(line.toLowerCase(Locale.ROOT).split("[, \t]+", -1)).contains("close"));
        return new Read(
                new RequestHead(request.method().name(), target.get(), headers, version, length, headers.has("Expect") && !http10,
                        keepAlive));
    }

    /** Whether the client asks to turn the connection into another kind (chapter 03 §13). */
    boolean upgrade() {
        return headers.has("Upgrade");
    }

    private static Optional<Objection> framing(HeaderLines headers, boolean http10) {
        List<String> codings = headers.values("Transfer-Encoding");
        if (http10 && !codings.isEmpty()) {
            // where the body ends is anybody's guess
            return bad("Transfer-Encoding in an HTTP/1.0 request");
        }
        if (!codings.isEmpty() && (codings.size() > 1 || !codings.getFirst().strip().equalsIgnoreCase("chunked"))) {
            return Optional.of(new Objection(501, "501 Not Implemented: unsupported transfer encoding"));
        }
        List<String> lengths = headers.values("Content-Length");
        boolean one = lengths.stream().distinct().count() <= 1 && lengths.stream().allMatch(length -> length.matches("[0-9]{1,18}"));
        return one ? Optional.empty() : bad("invalid Content-Length");
    }

    private static Optional<Objection> host(HeaderLines headers, boolean http10) {
        List<String> hosts = headers.values("Host");
        if (hosts.isEmpty()) {
            return http10 ? Optional.empty() : bad("missing required Host header");
        }
        boolean good = hosts.size() == 1
                && hosts.getFirst().chars().allMatch(c -> c > 0x20 && c < 0x7f && "/?#@\\\"<>^`{|}".indexOf(c) < 0);
        return good ? Optional.empty() : bad("malformed Host header");
    }

    private static Optional<Objection> expectation(HeaderLines headers) {
        boolean known = headers.values("Expect").stream().allMatch(value -> value.equalsIgnoreCase("100-continue"));
        return known ? Optional.empty() : Optional.of(new Objection(417, ""));
    }

    private static Optional<Objection> bad(String why) {
        return Optional.of(new Objection(400, "400 Bad Request: " + why));
    }

    private static Reading objected(int status, String text) {
        return new Objected(new Objection(status, text));
    }
}
