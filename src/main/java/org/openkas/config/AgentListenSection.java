package org.openkas.config;

import java.time.Duration;
import java.util.Optional;

/** {@code agent.listen}: the listener that agents connect to (chapter 01 §1). Immutable. */
public record AgentListenSection(String network, String address, boolean websocket, Optional<TlsFiles> tls,
        long connectionsPerTokenPerMinute, Duration maxConnectionAge, Duration listenGracePeriod) implements ListenSection {

    static AgentListenSection read(MessageReader c) {
        return new AgentListenSection(ListenSection.network(c), ListenSection.address(c, "127.0.0.1:8150"),
                c.flag("websocket", "take WebSocket connections and plain gRPC on this port, instead of plain gRPC only"),
                TlsFiles.ofListener(c, "agent server: "),
                c.size("connections_per_token_per_minute", "how many calls one agent token may begin in a minute. 0 means the default")
                        .orElse(40_000L),
                ListenSection.maxConnectionAge(c), ListenSection.listenGracePeriod(c));
    }
}
