package org.openkas.grpc;

import java.time.Duration;

/**
 * What a gRPC listener demands of and grants to each connection (chapter 01 §3.1, §3.2). Everybody uses
 * {@link #STANDARD}, but servers among themselves {@link #PEERS}; tests shorten the times.
 *
 * @param keepAliveTime silence after which the server sends a PING
 * @param keepAliveTimeout how long its ACK may take
 * @param clientPingSpacing the smallest spacing of a client's PINGs that is not punished
 * @param tcpUserTimeout how long sent bytes may stay unacknowledged by the peer's TCP, where the system can tell
 * @param handshake how long a new connection may take to its first HTTP/2 SETTINGS, TLS and upgrade included
 * @param closing how long to wait for a WebSocket peer's close frame
 * @param maxMessageBytes the largest message that is received
 * @param maxMetadataBytes the largest header list that is received
 * @param maxCalls how many calls one connection may have open; agents use a little more than 500
 * @param maxResets how many calls the peer may cancel in ten seconds
 */
public record ConnectionPolicy(Duration keepAliveTime, Duration keepAliveTimeout, Duration clientPingSpacing, Duration tcpUserTimeout,
        Duration handshake, Duration closing, int maxMessageBytes, int maxMetadataBytes, int maxCalls, int maxResets) {

    private static final int MESSAGE_SLACK = 1 << 20;

    /** The numbers of chapter 01, and bounds where the chapter leaves a peer without one. */
    public static final ConnectionPolicy STANDARD = new ConnectionPolicy(Duration.ofSeconds(50), Duration.ofSeconds(20),
            Duration.ofSeconds(20),
            Duration.ofSeconds(20), Duration.ofSeconds(25), Duration.ofSeconds(5), 4 << 20, 256 << 10, 2_000, 2_000);

    /**
     * For other servers: one connection carries the requests of all their clients, and a search for a tunnel cancels its calls to
     * all servers but one.
     */
    public static final ConnectionPolicy PEERS = STANDARD.withCalls(100_000, 200_000);

    /** Messages up to this size are read and refused by {@link ReadableMessages}, larger ones by {@link MessagePrefixes}. */
    int readableMessageBytes() {
        return maxMessageBytes + MESSAGE_SLACK;
    }

    /** With other keepalive times. */
    public ConnectionPolicy withKeepAlive(Duration time, Duration timeout, Duration spacing) {
        return new ConnectionPolicy(time, timeout, spacing, tcpUserTimeout, handshake, closing, maxMessageBytes, maxMetadataBytes,
                maxCalls, maxResets);
    }

    /** With other limits for the beginning and the end of a connection. */
    public ConnectionPolicy withHandshake(Duration limit, Duration closeWait) {
        return new ConnectionPolicy(keepAliveTime, keepAliveTimeout, clientPingSpacing, tcpUserTimeout, limit, closeWait, maxMessageBytes,
                maxMetadataBytes, maxCalls, maxResets);
    }

    private ConnectionPolicy withCalls(int calls, int resets) {
        return new ConnectionPolicy(keepAliveTime, keepAliveTimeout, clientPingSpacing, tcpUserTimeout, handshake, closing, maxMessageBytes,
                maxMetadataBytes, calls, resets);
    }
}
