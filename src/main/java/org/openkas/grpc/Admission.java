package org.openkas.grpc;

import java.net.SocketAddress;
import java.util.function.Predicate;
import org.openkas.net.Security;

/**
 * How a connection becomes one that speaks HTTP/2.
 *
 * @param admits whether a peer may connect at all
 * @param security TLS or cleartext
 * @param opening what a connection may begin with
 * @param policy limits of each connection
 */
record Admission(Predicate<SocketAddress> admits, Security security, Opening opening, ConnectionPolicy policy) {

    /** For a listener on an address. */
    static Admission of(ListenerSettings settings) {
        return new Admission(settings.address()::admits, settings.security(), settings.opening(), settings.policy());
    }

    /** For connections that came out of a WebSocket that somebody else terminates. */
    static Admission handedOver(ConnectionPolicy policy) {
        return new Admission(peer -> true, new Security.Plain(), new Opening.Http2(), policy);
    }
}
