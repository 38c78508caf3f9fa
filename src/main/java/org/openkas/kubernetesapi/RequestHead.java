package org.openkas.kubernetesapi;

import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.HttpMessageDecoderResult;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.openkas.websocket.UpgradeRequest;

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

    /**
     * What a client takes this server for.
     *
     * @param name empty if it does not say
     * @param port empty if it does not say
     */
    record NamedHost(String name, String port) {
        /** None. */
        static final NamedHost NONE = new NamedHost("", "");
        private static final int LONGEST = 255;

        private static NamedHost of(String host) {
            int colon = host.lastIndexOf(':');
            String port = host.substring(colon + 1);
            boolean withPort = colon > 0 && !port.isEmpty() && port.length() <= 5 && port.chars().allMatch(c -> c >= '0' && c <= '9');
            return host.length() > LONGEST ? NONE : withPort ? new NamedHost(host.substring(0, colon), port) : new NamedHost(host, "");
        }
    }

    private static final Pattern GAP = Pattern.compile("[, \t]+");
    private static final String TOO_LARGE = "431 Request Header Fields Too Large";

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
            return switch (request.decoderResult().cause()) {
                case TooLongFrameException _ -> objected(431, TOO_LARGE);
                case RequestHeaders.UnknownCoding _ -> objected(501, "Unsupported transfer encoding");
                default -> objected(400, "400 Bad Request");
            };
        }
        if (request.decoderResult() instanceof HttpMessageDecoderResult sizes && sizes.totalSize() > RequestDecoder.LARGEST_HEAD) {
            return objected(431, TOO_LARGE);
        }
        HeaderLines headers = HeaderLines.of(request.headers());
        HttpVersion version = request.protocolVersion();
        boolean http10 = version.equals(HttpVersion.HTTP_1_0);
        boolean preface = request.method().name().equals("PRI") && request.uri().equals("*") && version.majorVersion() == 2;
        if (version.majorVersion() != 1 && !preface) {
            return objected(505, "505 HTTP Version Not Supported: unsupported protocol version");
        }
        // where the body ends was settled when the lines were read
        Optional<Objection> objection = host(headers, http10 || preface).or(() -> expectation(headers));
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
        boolean unclear = request.headers() instanceof RequestHeaders lines && lines.codingIgnored();
        boolean keepAlive = version.majorVersion() == 1 && !unclear && !asks(headers, "close") && (!http10 || asks(headers, "keep-alive"));
        return new Read(
                new RequestHead(request.method().name(), target.get(), headers, version, length,
                        headers.values("Expect").stream().anyMatch(value -> !value.isEmpty()) && !http10 && length != 0,
                        keepAlive));
    }

    private static boolean asks(HeaderLines headers, String option) {
        return headers.values("Connection").stream()
                .anyMatch(line -> List.of(GAP.split(line.toLowerCase(Locale.ROOT), -1)).contains(option));
    }

    /** Whether the client asks to turn the connection into another kind (chapter 03 §13). */
    boolean upgrade() {
        return headers.has("Upgrade");
    }

    /** By what name the client calls this server. */
    NamedHost host() {
        return headers.first("Host").map(NamedHost::of).orElse(NamedHost.NONE);
    }

    /** As the rules of WebSocket look at it. */
    UpgradeRequest forUpgrade() {
        return new UpgradeRequest() {
            @Override
            public String method() {
                return method;
            }

            @Override
            public String version() {
                return version.text();
            }

            @Override
            public List<String> headers(String name) {
                return headers.values(HeaderLines.canonical(name));
            }
        };
    }

    private static Optional<Objection> host(HeaderLines headers, boolean mayLack) {
        List<String> hosts = headers.values("Host");
        if (hosts.isEmpty()) {
            return mayLack ? Optional.empty() : bad("missing required Host header");
        }
        boolean good = hosts.size() == 1
                && hosts.getFirst().chars().allMatch(c -> c > 0x20 && c < 0x7f && "/?#@\\\"<>^`{|}".indexOf(c) < 0);
        return good ? Optional.empty() : bad("malformed Host header");
    }

    private static Optional<Objection> expectation(HeaderLines headers) {
        boolean known = headers.values("Expect").stream().allMatch(value -> value.isEmpty() || value.equalsIgnoreCase("100-continue"));
        return known ? Optional.empty() : Optional.of(new Objection(417, ""));
    }

    private static Optional<Objection> bad(String why) {
        return Optional.of(new Objection(400, "400 Bad Request: " + why));
    }

    private static Reading objected(int status, String text) {
        return new Objected(new Objection(status, text));
    }
}
