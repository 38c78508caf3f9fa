package org.openkas.config;

import java.time.Duration;
import java.util.Optional;

/** {@code agent.kubernetes_api.listen}: the listener for kubectl, CI jobs and browsers (chapter 05 §4.3). Immutable. */
public record KubernetesApiListenSection(String network, String address, Optional<TlsFiles> tls, Duration listenGracePeriod,
        Duration shutdownGracePeriod) implements ListenSection {

    static KubernetesApiListenSection read(MessageReader c) {
        return new KubernetesApiListenSection(ListenSection.network(c), ListenSection.address(c, "0.0.0.0:8154"),
                TlsFiles.ofListener(c, "kubernetes_api: "), ListenSection.listenGracePeriod(c),
                c.duration("shutdown_grace_period", "how long running requests may go on after the listener has closed")
                        .must(Rule.positive()).orElse(Duration.ofHours(1)));
    }
}
