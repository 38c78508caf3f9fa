package org.openkas.diagnosis;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** The certificate that clients have to trust, where a listener's own file holds it: one that vouches for itself. */
final class RootCertificate {
    private RootCertificate() {
    }

    /** In PEM; empty if the last certificate of the file comes from somebody else, or the file cannot be read. */
    static Optional<String> endOf(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            List<? extends Certificate> chain = List.copyOf(CertificateFactory.getInstance("X.509").generateCertificates(in));
            if (!chain.isEmpty() && chain.getLast() instanceof X509Certificate last
                    && last.getIssuerX500Principal().equals(last.getSubjectX500Principal())) {
                return Optional.of("-----BEGIN CERTIFICATE-----\n"
                        + Base64.getMimeEncoder(64, new byte[]{'\n'}).encodeToString(last.getEncoded()) + "\n-----END CERTIFICATE-----\n");
            }
            return Optional.empty();
        } catch (IOException | CertificateException e) {
            // the server itself says what is wrong with the file
            return Optional.empty();
        }
    }
}
