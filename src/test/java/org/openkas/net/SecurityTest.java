package org.openkas.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SecurityTest {
    private static final Path FILES = Path.of("src/test/resources/org/openkas/testkit");

    private static Security of(Path certificate, Path key) throws TlsException {
        return Security.of(certificate.toString(), key.toString(), Security.ALPN_GRPC);
    }

    @Test
    void withoutFilesThereIsNoTls() throws TlsException {
        assertThat(Security.of("", "", List.of())).isInstanceOf(Security.Plain.class);
    }

    @Test
    void oneFileIsNotEnough() {
        assertThatThrownBy(() -> Security.of("c", "", List.of()))
                .hasMessage("both certificate file (c) and key file () must be either specified or not");
        assertThatThrownBy(() -> Security.of("", "k", List.of()))
                .hasMessage("both certificate file () and key file (k) must be either specified or not");
    }

    @ParameterizedTest
    @CsvSource({"server.pem,server-key.pem", "server.pem,server-key-sec1.pem", "rsa.pem,rsa-key.pem", "rsa.pem,rsa-key-pkcs1.pem"})
    void keysOfAllUsualFormsAreRead(String certificate, String key) throws TlsException {
        assertThat(of(FILES.resolve(certificate), FILES.resolve(key))).isInstanceOf(Security.Tls.class);
    }

    @Test
    void oneFileMayHoldBoth(@TempDir Path directory) throws Exception {
        Path both = Files.writeString(directory.resolve("both.pem"),
                Files.readString(FILES.resolve("server-key-sec1.pem")) + "\n# a word\n" + Files.readString(FILES.resolve("server.pem")));
        assertThat(of(both, both)).isInstanceOf(Security.Tls.class);
    }

    @ParameterizedTest
    @CsvSource({"missing.pem,server-key.pem,no such file or directory",
            "server-key.pem,server-key.pem,failed to find any PEM data in certificate input",
            "server.pem,rsa.pem,failed to find any PEM data in key input"})
    void failuresNameBothFilesAndTheCause(String certificate, String key, String cause) {
        assertThatThrownBy(() -> of(FILES.resolve(certificate), FILES.resolve(key))).isInstanceOf(TlsException.class)
                .hasMessageStartingWith(
                        "loading certificate (" + FILES.resolve(certificate) + ") and key (" + FILES.resolve(key) + ") files: ")
                .hasMessageEndingWith(cause);
    }

    @Test
    void aKeyOfAnotherCertificateIsRefused() {
        assertThatThrownBy(() -> of(FILES.resolve("server.pem"), FILES.resolve("rsa-key.pem"))).isInstanceOf(TlsException.class)
                .hasMessageEndingWith("tls: private key does not match public key");
    }
}
