package org.openkas.config;

import java.time.Duration;
import java.util.Optional;

/** Where one of the server's listeners listens, and with which certificate (chapter 05 §8.1). */
public sealed interface ListenSection
        permits AgentListenSection, ApiListenSection, KubernetesApiListenSection, ObservabilityListenSection, PrivateApiListenSection {

    /** One of {@code tcp}, {@code tcp4}, {@code tcp6}, {@code unix}. */
    String network();

    /** Host and port, or the path of a socket for network {@code unix}. */
    String address();

    /** Certificate and key; no TLS without. */
    Optional<TlsFiles> tls();

    /** The network of a listener. */
    static String network(MessageReader c) {
        return c.network("network", "network to listen on; tcp4 and tcp6 keep to one family, unix makes address the path of a socket")
                .explicit().must(Rule.in("tcp", "tcp4", "tcp6", "unix")).orElse("tcp");
    }

    /** The address of a listener. */
    static String address(MessageReader c, String fallback) {
        return c.text("address", "host:port to listen on, or the path of a socket when network is unix").orElse(fallback);
    }

    /** How long a listener goes on accepting while the server stops. */
    static Duration listenGracePeriod(MessageReader c) {
        return c.duration("listen_grace_period",
                "how long the listener still accepts connections after the server was told to stop, so that load balancers can react")
                .must(Rule.positive()).orElse(Duration.ofSeconds(5));
    }

    /** The greatest age of a connection. */
    static Duration maxConnectionAge(MessageReader c) {
        return c.duration("max_connection_age",
                "how old a connection may become: clients are asked to reconnect at 20 % of it, long polls end at 30 %")
                .must(Rule.positive()).orElse(Duration.ofHours(2));
    }
}
