package org.openkas.gitlab;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The authorities that this host trusts, and those that the operator adds (chapter 02 §2.5). The host's are found as the Go KAS
 * finds them: {@code SSL_CERT_FILE} and {@code SSL_CERT_DIR} (a list separated by colons) replace the places where Linux
 * distributions keep them. Without those two variables the authorities that come with Java count as well. Thread-safe.
 */
public final class TrustedCertificates {
    private static final List<Path> BUNDLES = List.of(Path.of("/etc/ssl/certs/ca-certificates.crt"),
            Path.of("/etc/pki/tls/certs/ca-bundle.crt"), Path.of("/etc/ssl/ca-bundle.pem"), Path.of("/etc/pki/tls/cacert.pem"),
            Path.of("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"), Path.of("/etc/ssl/cert.pem"));
    private static final List<Path> DIRECTORIES = List.of(Path.of("/etc/ssl/certs"), Path.of("/etc/pki/tls/certs"));
    private static final Pattern PEM = Pattern.compile("-----BEGIN CERTIFICATE-----\\s+([^-:]+)-----END CERTIFICATE-----");

    private final Map<String, String> environment;
    private final List<X509Certificate> added;
    /** Made once: reading and parsing what a host trusts takes long. */
    private @Nullable X509TrustManager clientTrust;

    private TrustedCertificates(Map<String, String> environment, List<X509Certificate> added) {
        this.environment = Map.copyOf(environment);
        this.added = List.copyOf(added);
    }

    /**
     * What this host trusts, read when it is needed: a server that calls GitLab without TLS need not wait for it. Files and
     * directories that cannot be read do not count.
     */
    public static TrustedCertificates ofHost(Map<String, String> environment) {
        return new TrustedCertificates(environment, List.of());
    }

    private static Set<X509Certificate> read(Map<String, String> environment) {
        String file = environment.getOrDefault("SSL_CERT_FILE", "");
        String directories = environment.getOrDefault("SSL_CERT_DIR", "");
        // certificates by their text: bundles and directories hold the same ones, and reading them all costs time
        Map<String, Path> found = new LinkedHashMap<>();
        (file.isEmpty() ? BUNDLES : List.of(Path.of(file))).stream().filter(Files::isReadable).findFirst()
                .ifPresent(bundle -> collect(bundle, found));
        List<Path> places = directories.isEmpty() ? DIRECTORIES : List.of(directories.split(":", -1)).stream().map(Path::of).toList();
        for (Path directory : places) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, Files::isRegularFile)) {
                files.forEach(one -> collect(one, found));
            } catch (IOException e) {
                // as the reference: a place that cannot be read holds nothing
            }
        }
        Set<X509Certificate> certificates = new LinkedHashSet<>(parse(found.keySet()));
        if (file.isEmpty() && directories.isEmpty()) {
            certificates.addAll(ofJava());
        }
        return certificates;
    }

    /**
     * These and the ones in a PEM file.
     *
     * @throws GitLabSetupException if the file cannot be read or holds no certificate
     */
    public TrustedCertificates and(Path file) throws GitLabSetupException {
        String text;
        try {
            text = Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            throw new GitLabSetupException("CA certificate file: open " + file + ": no such file or directory", e);
        } catch (AccessDeniedException e) {
            throw new GitLabSetupException("CA certificate file: open " + file + ": permission denied", e);
        } catch (IOException e) {
            throw new GitLabSetupException("CA certificate file: read " + file + ": " + e.getMessage(), e);
        }
        List<X509Certificate> more = new ArrayList<>(parse(blocks(text)));
        if (more.isEmpty()) {
            throw new GitLabSetupException("AppendCertsFromPEM(" + file + ") failed", null);
        }
        more.addAll(added);
        return new TrustedCertificates(environment, more);
    }

    /** All of them. */
    public List<X509Certificate> certificates() {
        Set<X509Certificate> all = read(environment);
        all.addAll(added);
        return List.copyOf(all);
    }

    /** A TLS context for clients that trusts them and shows no certificate of its own. */
    public SSLContext clientContext() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[]{clientTrust()}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java runtime has TLS", e);
        }
    }

    /** Decides for clients whom to trust by them. */
    public synchronized X509TrustManager clientTrust() {
        X509TrustManager made = clientTrust;
        if (made == null) {
            made = makeClientTrust();
            clientTrust = made;
        }
        return made;
    }

    private X509TrustManager makeClientTrust() {
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            int number = 0;
            for (X509Certificate certificate : certificates()) {
                store.setCertificateEntry("ca-" + number++, certificate);
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(store);
            for (TrustManager manager : factory.getTrustManagers()) {
                if (manager instanceof X509TrustManager trust) {
                    return trust;
                }
            }
            throw new IllegalStateException("every Java runtime judges certificates");
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("every Java runtime has TLS", e);
        }
    }

    private static void collect(Path file, Map<String, Path> found) {
        try {
            blocks(Files.readString(file, StandardCharsets.ISO_8859_1)).forEach(block -> found.putIfAbsent(block, file));
        } catch (IOException e) {
            // as the reference: a file that cannot be read holds nothing
            return;
        }
    }

    private static Set<String> blocks(String text) {
        Set<String> blocks = new LinkedHashSet<>();
        Matcher matcher = PEM.matcher(text);
        while (matcher.find()) {
            blocks.add(matcher.group(1).replaceAll("\\s", ""));
        }
        return blocks;
    }

    /** The certificates among these; what is none is passed over. */
    private static List<X509Certificate> parse(Set<String> blocks) {
        return blocks.stream().map(TrustedCertificates::parse).flatMap(Optional::stream).toList();
    }

    private static Optional<X509Certificate> parse(String base64) {
        try {
            return Optional.of((X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(Base64.getDecoder().decode(base64))));
        } catch (CertificateException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static List<X509Certificate> ofJava() {
        try {
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init((KeyStore) null);
            for (TrustManager manager : factory.getTrustManagers()) {
                if (manager instanceof X509TrustManager trust) {
                    return List.of(trust.getAcceptedIssuers());
                }
            }
            return List.of();
        } catch (GeneralSecurityException e) {
            // a Java without authorities of its own; the host's are enough
            return List.of();
        }
    }
}
