package org.openkas.routing;

import io.grpc.ClientInterceptor;
import io.netty.handler.ssl.SslContext;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.openkas.net.EventLoops;

/**
 * How connections to other servers behave (chapter 04 §5.2, §5.9).
 *
 * @param userAgent how this server calls itself
 * @param tls makes the context for servers with TLS; called when the first of them is called
 * @param tlsName the name in the certificates of all servers; without it, that of each URL
 * @param keepAlive a connection that was silent for this long is asked for a sign of life
 * @param unusedFor a connection without calls for this long is closed
 * @param interceptors see every call, the first one outermost
 * @param loops move the bytes
 * @param executor looks up names, which blocks
 */
public record PeerSettings(String userAgent, Supplier<SslContext> tls, Optional<String> tlsName, Duration keepAlive, Duration unusedFor,
        List<ClientInterceptor> interceptors, EventLoops loops, Executor executor) {

    public PeerSettings {
        interceptors = List.copyOf(interceptors);
    }

    /** With the times of the chapter: 55 s, and one hour. */
    public static PeerSettings standard(String userAgent, Supplier<SslContext> tls, Optional<String> tlsName,
            List<ClientInterceptor> interceptors, EventLoops loops, Executor executor) {
        return new PeerSettings(userAgent, tls, tlsName, Duration.ofSeconds(55), Duration.ofHours(1), interceptors, loops, executor);
    }
}
