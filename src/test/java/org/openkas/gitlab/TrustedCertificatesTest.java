package org.openkas.gitlab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.testkit.FakeGitLab;

class TrustedCertificatesTest {
    private static final Path CA = FakeGitLab.file("ca.pem").toPath();

    @TempDir
    Path directory;

    @Test
    void withoutVariablesThereAreAtLeastTheAuthoritiesOfJava() {
        assertThat(TrustedCertificates.ofHost(Map.of()).certificates()).hasSizeGreaterThan(50);
    }

    @Test
    void aFileOfTheOperatorIsAdded() throws Exception {
        TrustedCertificates host = nothing();
        assertThat(host.and(CA).certificates()).hasSize(host.certificates().size() + 1);
    }

    @Test
    void variablesReplaceTheUsualPlaces() throws Exception {
        Path more = Files.createDirectory(directory.resolve("more"));
        Files.copy(FakeGitLab.file("server.pem").toPath(), more.resolve("b.pem"));
        Files.writeString(more.resolve("README"), "nothing\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");

        TrustedCertificates host = TrustedCertificates
                .ofHost(Map.of("SSL_CERT_FILE", CA.toString(), "SSL_CERT_DIR", directory.resolve("absent") + ":" + more));
        assertThat(host.certificates()).extracting(certificate -> certificate.getSubjectX500Principal().getName())
                .containsExactly("CN=OpenKAS test authority", "CN=localhost");
    }

    @Test
    void aFileThatIsNotThere() {
        assertThatThrownBy(() -> nothing().and(directory.resolve("ca.pem"))).isInstanceOf(GitLabSetupException.class)
                .hasMessage("CA certificate file: open " + directory + "/ca.pem: no such file or directory");
    }

    @Test
    void aFileWithoutCertificates() throws Exception {
        Path file = Files.writeString(directory.resolve("ca.pem"), "hello");
        assertThatThrownBy(() -> nothing().and(file)).isInstanceOf(GitLabSetupException.class)
                .hasMessage("AppendCertsFromPEM(" + file + ") failed");
    }

    private TrustedCertificates nothing() {
        return TrustedCertificates.ofHost(Map.of("SSL_CERT_FILE", "/absent", "SSL_CERT_DIR", directory.resolve("absent").toString()));
    }
}
