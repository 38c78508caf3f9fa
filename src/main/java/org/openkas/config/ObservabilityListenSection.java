package org.openkas.config;

import java.util.Optional;

/** {@code observability.listen}: the listener for probes and metrics (chapter 05 §4.4). Immutable. */
public record ObservabilityListenSection(String network, String address, Optional<TlsFiles> tls) implements ListenSection {

    static ObservabilityListenSection read(MessageReader c) {
        return new ObservabilityListenSection(ListenSection.network(c), ListenSection.address(c, "127.0.0.1:8151"),
                TlsFiles.ofObservability(c));
    }
}
