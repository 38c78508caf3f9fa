package org.openkas.observability;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import java.util.List;
import java.util.Optional;

/** What no page of the observability listener can be asked for with, in the reference's words. Without state. */
final class RequestFaults {
    private RequestFaults() {
    }

    /** The answer to a request that is none; the connection ends with it. */
    static Optional<Page> of(HttpRequest request) {
        if (request.decoderResult().isFailure()) {
            return Optional.of(request.decoderResult().cause() instanceof TooLongHttpHeaderException
                    ? Page.refusal(431, "431 Request Header Fields Too Large")
                    : Page.refusal(400, "400 Bad Request"));
        }
        HttpVersion version = request.protocolVersion();
        if (version.majorVersion() != 1) {
            return Optional.of(Page.refusal(505, "505 HTTP Version Not Supported: unsupported protocol version"));
        }
        List<String> hosts = request.headers().getAll(HttpHeaderNames.HOST);
        if (hosts.isEmpty() && version.minorVersion() > 0) {
            return Optional.of(Page.refusal(400, "400 Bad Request: missing required Host header"));
        }
        return hosts.size() > 1 ? Optional.of(Page.refusal(400, "400 Bad Request")) : Optional.empty();
    }
}
