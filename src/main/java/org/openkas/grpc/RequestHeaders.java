package org.openkas.grpc;

import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.openkas.common.GoText;

/**
 * What the headers of a call have to look like before anybody looks at what is called, with the answers of the reference where
 * they do not (chapter 01 §2.8, §3.1). Stateless.
 */
final class RequestHeaders {
    static final String CONTENT_TYPE = "application/grpc";
    static final AsciiString ENCODING = AsciiString.cached("grpc-encoding");

    // gRPC's headers know no other kind of text
    private static final Pattern NUMBER = Pattern.compile("[+-]?[0-9]+");
    private static final AsciiString TYPE = AsciiString.cached("content-type");
    private static final AsciiString TIMEOUT = AsciiString.cached("grpc-timeout");
    private static final int INVALID_ARGUMENT = 3;
    private static final int UNIMPLEMENTED = 12;
    private static final int INTERNAL = 13;
    private static final int LONGEST_TIMEOUT = 9;
    private static final String UNITS = "HMSmun";

    /**
     * The answer to a call that is none.
     *
     * @param http the HTTP status
     * @param grpc the number of the gRPC status
     * @param text the message of the gRPC status
     */
    record Refusal(int http, int grpc, String text) {
    }

    private RequestHeaders() {
    }

    /** Why a call with these headers is not served; empty if it may be. */
    static Optional<Refusal> refusal(Http2Headers headers) {
        String type = text(headers.get(TYPE));
        if (!grpc(type)) {
            return refuse(415, INVALID_ARGUMENT, "invalid gRPC request content-type " + GoText.quoted(type));
        }
        Optional<String> timeout = timeoutObjection(headers);
        if (timeout.isPresent()) {
            return refuse(400, INTERNAL, "malformed grpc-timeout: " + timeout.get());
        }
        String method = text(headers.method());
        if (!method.equals("POST")) {
            return refuse(405, INTERNAL, "Received a HEADERS frame with :method " + GoText.quoted(method) + " which should be POST");
        }
        String path = text(headers.path());
        if (!path.startsWith("/")) {
            return refuse(200, UNIMPLEMENTED, "malformed method name: " + GoText.quoted(path));
        }
        String encoding = text(headers.get(ENCODING));
        return switch (encoding) {
            case "", "identity", "gzip" -> Optional.empty();
            default -> refuse(200, UNIMPLEMENTED, "grpc: Decompressor is not installed for grpc-encoding " + GoText.quoted(encoding));
        };
    }

    /** Whether messages of this call may come compressed. */
    static boolean compressible(Http2Headers headers) {
        return !Set.of("", "identity").contains(text(headers.get(ENCODING)));
    }

    private static Optional<Refusal> refuse(int http, int grpc, String text) {
        return Optional.of(new Refusal(http, grpc, text));
    }

    private static boolean grpc(String type) {
        if (!type.startsWith(CONTENT_TYPE)) {
            return false;
        }
        String rest = type.substring(CONTENT_TYPE.length());
        return rest.isEmpty() || rest.startsWith("+") || rest.startsWith(";");
    }

    private static Optional<String> timeoutObjection(Http2Headers headers) {
        if (!headers.contains(TIMEOUT)) {
            return Optional.empty();
        }
        String timeout = text(headers.get(TIMEOUT));
        if (timeout.length() < 2) {
            return Optional.of("transport: timeout string is too short: " + GoText.quoted(timeout));
        }
        if (timeout.length() > LONGEST_TIMEOUT) {
            return Optional.of("transport: timeout string is too long: " + GoText.quoted(timeout));
        }
        String number = timeout.substring(0, timeout.length() - 1);
        if (UNITS.indexOf(timeout.charAt(number.length())) < 0) {
            return Optional.of("transport: timeout unit is not recognized: " + GoText.quoted(timeout));
        }
        return NUMBER.matcher(number).matches()
                ? Optional.empty()
                : Optional.of("strconv.ParseInt: parsing " + GoText.quoted(number) + ": invalid syntax");
    }

    private static String text(@Nullable CharSequence value) {
        return value == null ? "" : value.toString();
    }
}
