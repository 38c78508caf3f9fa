package org.openkas.config;

import java.time.Duration;
import java.util.Optional;

/**
 * {@code private_api.listen}: the listener that other servers of the cluster call (chapter 05 §4.8). Immutable.
 *
 * @param authenticationSecretFile path of the secret, which {@link KasSecrets} reads
 * @param caCertificateFile PEM file to trust when calling other servers
 */
public record PrivateApiListenSection(String network, String address, String authenticationSecretFile, Optional<TlsFiles> tls,
        Duration maxConnectionAge, Optional<String> caCertificateFile, Duration listenGracePeriod) implements ListenSection {

    static PrivateApiListenSection read(MessageReader c) {
        return new PrivateApiListenSection(ListenSection.network(c), ListenSection.address(c, "127.0.0.1:8155"),
                c.text("authentication_secret_file", "file with the Base64 of the secret that all servers of the cluster share")
                        .must(Rule.notEmpty()).orElse(""),
                TlsFiles.ofListener(c, "private API server: new server: "), ListenSection.maxConnectionAge(c),
                c.text("ca_certificate_file", "PEM file of certificate authorities to trust when calling other servers over grpcs")
                        .ifGiven(),
                ListenSection.listenGracePeriod(c));
    }
}
