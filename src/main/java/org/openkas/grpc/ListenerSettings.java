package org.openkas.grpc;

import java.time.Duration;
import org.openkas.net.ListenAddress;
import org.openkas.net.Security;

/**
 * How one gRPC listener is set up.
 *
 * @param address where it listens
 * @param security TLS or cleartext
 * @param opening what a connection may begin with
 * @param maxConnectionAge the configured age A: GOAWAY at 20 % (+-10 % of that), waiting calls end at 30 %, hard close 65 %
 *        after the GOAWAY (chapter 01 §3.3)
 * @param listenGracePeriod how long a drain goes on accepting connections and calls
 * @param policy limits of each connection
 */
public record ListenerSettings(ListenAddress address, Security security, Opening opening, Duration maxConnectionAge,
        Duration listenGracePeriod, ConnectionPolicy policy) {

    /** HTTP/2 only, with the standard limits. */
    public static ListenerSettings http2(ListenAddress address, Security security, Duration maxConnectionAge, Duration listenGracePeriod) {
        return new ListenerSettings(address, security, new Opening.Http2(), maxConnectionAge, listenGracePeriod, ConnectionPolicy.STANDARD);
    }
}
