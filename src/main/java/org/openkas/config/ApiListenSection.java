package org.openkas.config;

import java.time.Duration;
import java.util.Optional;

/**
 * {@code api.listen}: the listener that GitLab calls (chapter 05 §4.7). Immutable.
 *
 * @param authenticationSecretFile path of the secret, which {@link KasSecrets} reads
 */
public record ApiListenSection(String network, String address, String authenticationSecretFile, Optional<TlsFiles> tls,
        Duration maxConnectionAge, Duration listenGracePeriod) implements ListenSection {

    static ApiListenSection read(MessageReader c) {
        return new ApiListenSection(ListenSection.network(c), ListenSection.address(c, "127.0.0.1:8153"),
                c.text("authentication_secret_file",
                        "file with the Base64 of the secret that GitLab signs its calls with; as a rule the file of gitlab.authentication_secret_file")
                        .must(Rule.notEmpty()).orElse(""),
                TlsFiles.ofListener(c, "API server: "), ListenSection.maxConnectionAge(c), ListenSection.listenGracePeriod(c));
    }
}
