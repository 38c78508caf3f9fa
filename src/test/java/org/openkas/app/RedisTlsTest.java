package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.RealRedis;

/** TLS towards Redis (chapter 04 §7.1, chapter 05 §6.3). */
class RedisTlsTest {
    private static final String CA = FakeGitLab.file("ca.pem").toString();
    private static final String KEY = FakeGitLab.file("server.key").toString();

    @TempDir
    Path directory;

    private final FakeGitLab gitLab = FakeGitLab.release16();

    @AfterEach
    void stop() {
        gitLab.close();
    }

    private static RealRedis redis(String certificate, String clients) throws Exception {
        return redis(certificate, clients, CA);
    }

    private static RealRedis redis(String certificate, String clients, String clientCa) throws Exception {
        int port = FreePorts.some(1).getFirst();
        return RealRedis.at(port, "--tls-port", Integer.toString(port), "--tls-cert-file", FakeGitLab.file(certificate).toString(),
                "--tls-key-file", KEY, "--tls-ca-cert-file", clientCa, "--tls-auth-clients", clients);
    }

    private RunningServer server(RealRedis redis, String tls) throws Exception {
        return RunningServer.withGitLab(directory, gitLab, "agent: {listen: {address: '127.0.0.1:0'}}", "127.0.0.1:0",
                "server: {address: \"localhost:" + redis.port() + "\"}, dial_timeout: 3s" + tls);
    }

    private void works(RealRedis redis, String tls) throws Exception {
        try (RunningServer server = server(redis, tls)) {
            assertThat(server.probes.readinessFailure()).isEmpty();
            assertThat(server.probes.adviceFailure()).isEmpty();
        }
    }

    private void fails(RealRedis redis, String tls, String text) {
        long begin = System.nanoTime();
        assertThatThrownBy(() -> works(redis, tls)).isInstanceOf(StartException.class).hasMessageStartingWith(text);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(30));
    }

    @Test
    @DisplayName("the authority of ca_certificate_file is trusted, any other is not")
    void authority() throws Exception {
        try (RealRedis redis = redis("server.pem", "no")) {
            works(redis, ", tls: {enabled: true, ca_certificate_file: " + CA + "}");
            fails(redis, ", tls: {enabled: true}",
                    "tls: failed to verify certificate: x509: certificate signed by unknown authority (redis.tls: ");
        }
    }

    @Test
    @DisplayName("a certificate for another host is refused")
    void otherName() throws Exception {
        try (RealRedis redis = redis("elsewhere.pem", "no")) {
            fails(redis, ", tls: {enabled: true, ca_certificate_file: " + CA + "}", "tls: failed to verify certificate: x509: ");
        }
    }

    @Test
    @DisplayName("a Redis that asks for a certificate gets the one of the settings")
    void clientCertificate() throws Exception {
        X509Bundle own = new CertificateBuilder().subject("CN=kas").setIsCertificateAuthority(true).buildSelfSigned();
        Path certificate = Files.writeString(directory.resolve("kas.pem"), own.getCertificatePEM());
        Path key = Files.writeString(directory.resolve("kas.key"), own.getPrivateKeyPEM());
        try (RealRedis redis = redis("server.pem", "yes", certificate.toString())) {
            works(redis, ", tls: {enabled: true, ca_certificate_file: " + CA + ", certificate_file: " + certificate + ", key_file: " + key
                    + "}");
            fails(redis, ", tls: {enabled: true, ca_certificate_file: " + CA + "}", "");
            fails(redis, ", tls: {enabled: true, certificate_file: /no/such, key_file: " + KEY + "}",
                    "open /no/such: no such file or directory");
        }
    }

    @Test
    @DisplayName("one side with TLS and one without fails within the dial limits, and says where to look")
    void oneSided() throws Exception {
        try (RealRedis plain = RealRedis.start()) {
            assertThatThrownBy(() -> works(plain, ", tls: {enabled: true, ca_certificate_file: " + CA + "}"))
                    .isInstanceOf(StartException.class).hasMessageContaining("redis.");
        }
        try (RealRedis secure = redis("server.pem", "no")) {
            assertThatThrownBy(() -> works(secure, "")).isInstanceOf(StartException.class).hasMessageContaining("redis.");
        }
    }
}
