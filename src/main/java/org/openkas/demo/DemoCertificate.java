package org.openkas.demo;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.CertificateBuilder.KeyUsage;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;

/**
 * The certificate of the demo's Kubernetes API listener, for this machine's loopback names, from an authority that issues
 * nothing else: its key is not kept.
 *
 * @param certificate PEM file with the certificate and, at its end, the authority
 * @param key PEM file with the certificate's key, for the owner's eyes only
 */
record DemoCertificate(Path certificate, Path key) {
    private static final Duration VALID = Duration.ofDays(365);
    /** What is about to expire is made anew: a demo may run for a while. */
    private static final Duration LEAST_REST = Duration.ofDays(7);
    /** Clocks differ. */
    private static final Duration BEFORE = Duration.ofHours(1);

    /** Makes the files, unless they are there and good for some days after {@code now}. */
    void makeUnlessGood(Instant now) throws IOException {
        if (isGood(now)) {
            return;
        }
        X509Bundle server;
        try {
            CertificateBuilder builder = new CertificateBuilder().ecp256().notBefore(now.minus(BEFORE)).notAfter(now.plus(VALID));
            X509Bundle authority = builder.copy().subject("CN=OpenKAS demo authority").setIsCertificateAuthority(true)
                    .setKeyUsage(true, KeyUsage.keyCertSign).buildSelfSigned();
            server = builder.copy().subject("CN=localhost").setKeyUsage(true, KeyUsage.digitalSignature).addExtendedKeyUsageServerAuth()
                    .addSanDnsName("localhost").addSanIpAddress("127.0.0.1").addSanIpAddress("::1").buildIssuedBy(authority);
        } catch (Exception e) {
            throw new IOException("the demo's certificate cannot be made: " + e, e);
        }
        // a certificate never stands beside the key of another one, even if this is interrupted
        Files.deleteIfExists(certificate);
        PrivateFile.write(key, server.getPrivateKeyPEM());
        StringBuilder chain = new StringBuilder(server.getCertificatePathPEM());
        if (chain.indexOf(server.getRootCertificatePEM()) < 0) {
            chain.append(server.getRootCertificatePEM());
        }
        Files.writeString(certificate, chain);
    }

    private boolean isGood(Instant now) {
        if (Files.notExists(key)) {
            return false;
        }
        try (InputStream in = Files.newInputStream(certificate)) {
            return CertificateFactory.getInstance("X.509").generateCertificate(in) instanceof X509Certificate first
                    && now.plus(LEAST_REST).isBefore(first.getNotAfter().toInstant());
        } catch (IOException | CertificateException e) {
            return false;
        }
    }
}
