package org.openkas.config;

import java.util.Optional;

/**
 * A certificate with its key, both in PEM (chapter 05 §6.3). Immutable.
 *
 * @param certificate path of the certificate chain
 * @param key path of the private key
 */
public record TlsFiles(String certificate, String key) {

    /** The pair of a listener; one file without the other is an error that begins with {@code server}. */
    static Optional<TlsFiles> ofListener(MessageReader c, String server) {
        return pair(c, c.text("certificate_file", "PEM file with the certificate chain to present. TLS is on when key_file is given too"),
                c.text("key_file", "PEM file with the private key of certificate_file"), server);
    }

    /** The pair of a listener whose empty paths are violations. */
    static Optional<TlsFiles> ofObservability(MessageReader c) {
        return pair(c,
                c.text("certificate_file", "PEM file with the certificate chain to present. HTTPS is on when key_file is given too")
                        .explicit().must(Rule.notEmpty()),
                c.text("key_file", "PEM file with the private key of certificate_file").explicit().must(Rule.notEmpty()),
                "observability: ");
    }

    private static Optional<TlsFiles> pair(MessageReader c, Field<String> certificateFile, Field<String> keyFile, String server) {
        TlsFiles files = new TlsFiles(certificateFile.ifGiven().orElse(""), keyFile.ifGiven().orElse(""));
        if (files.certificate.isEmpty() != files.key.isEmpty()) {
            c.reading().later(server + "both certificate file (" + files.certificate + ") and key file (" + files.key
                    + ") must be either specified or not");
        }
        return files.certificate.isEmpty() ? Optional.empty() : Optional.of(files);
    }

    /** The pair that a client presents; only looked at when {@code enabled}. */
    static Optional<TlsFiles> ofClient(MessageReader c, boolean enabled) {
        TlsFiles files = new TlsFiles(
                c.text("certificate_file", "PEM file with the certificate to present to the other side; needs key_file").orElse(""),
                c.text("key_file", "PEM file with the private key of certificate_file").orElse(""));
        if (enabled && files.certificate.isEmpty() != files.key.isEmpty()) {
            c.reading().later("both certificate (" + files.certificate + ") and key (" + files.key + ") files must be specified");
        }
        return files.certificate.isEmpty() || !enabled ? Optional.empty() : Optional.of(files);
    }
}
