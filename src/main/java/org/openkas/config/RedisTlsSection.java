package org.openkas.config;

import java.util.Optional;

/**
 * {@code redis.tls} (chapter 05 §4.6). Immutable.
 *
 * @param client certificate to present; empty when TLS is off
 */
public record RedisTlsSection(boolean enabled, Optional<TlsFiles> client, Optional<String> caCertificateFile) {

    static RedisTlsSection read(MessageReader c) {
        boolean enabled = c.flag("enabled", "whether to use TLS");
        return new RedisTlsSection(enabled, TlsFiles.ofClient(c, enabled),
                c.text("ca_certificate_file", "PEM file of certificate authorities to trust besides the system's").ifGiven());
    }
}
