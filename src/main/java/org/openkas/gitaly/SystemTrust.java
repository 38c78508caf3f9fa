package org.openkas.gitaly;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/**
 * The certificate authorities that the host trusts, found where the reference looks for them: {@code SSL_CERT_FILE} and
 * {@code SSL_CERT_DIR} (a colon-separated list), else the usual places of Linux distributions, else those of the Java runtime
 * (chapter 05 §7). Files are read on every call.
 */
final class SystemTrust {
    private static final List<String> FILES = List.of("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
            "/etc/ssl/ca-bundle.pem", "/etc/pki/tls/cacert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
            "/etc/ssl/cert.pem");
    private static final List<String> DIRECTORIES = List.of("/etc/ssl/certs", "/etc/pki/tls/certs");
    private static final Pattern PEM = Pattern.compile("-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----");

    private final Map<String, String> environment;

    SystemTrust(Map<String, String> environment) {
        this.environment = Map.copyOf(environment);
    }

    /** What to hand to a TLS client. */
    TrustManager[] managers() throws GeneralSecurityException, IOException {
        Set<Certificate> certificates = certificates();
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        if (certificates.isEmpty()) {
            factory.init((KeyStore) null);
            return factory.getTrustManagers();
        }
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        int number = 0;
        for (Certificate certificate : certificates) {
            store.setCertificateEntry("authority-" + number++, certificate);
        }
        factory.init(store);
        return factory.getTrustManagers();
    }

    private Set<Certificate> certificates() throws CertificateException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        Set<Certificate> certificates = new LinkedHashSet<>();
        String file = environment.getOrDefault("SSL_CERT_FILE", "");
        (file.isEmpty() ? FILES : List.of(file)).stream().map(Path::of).filter(Files::isReadable).findFirst()
                .ifPresent(path -> read(factory, path, certificates));
        String directories = environment.getOrDefault("SSL_CERT_DIR", "");
        for (String directory : directories.isEmpty() ? DIRECTORIES : List.of(directories.split(":"))) {
            try (Stream<Path> entries = Files.list(Path.of(directory))) {
                entries.filter(Files::isRegularFile).forEach(path -> read(factory, path, certificates));
            } catch (IOException e) {
                // a place that does not exist here
            }
        }
        return certificates;
    }

    private static void read(CertificateFactory factory, Path file, Set<Certificate> into) {
        String text;
        try {
            text = Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return;
        }
        Matcher blocks = PEM.matcher(text);
        while (blocks.find()) {
            try {
                byte[] bytes = Base64.getMimeDecoder().decode(blocks.group(1));
                into.add(factory.generateCertificate(new ByteArrayInputStream(bytes)));
            } catch (CertificateException | IllegalArgumentException e) {
                // one authority that cannot be read must not take the others away
            }
        }
    }
}
