package org.openkas.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
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
            "server-key.pem,server-key.pem,'tls: failed to find certificate PEM data in certificate input, but did find a private key;"
                    + " PEM inputs may have been switched'",
            "server.pem,rsa.pem,tls: found a certificate rather than a key in the PEM for the private key"})
    void failuresNameBothFilesAndTheCause(String certificate, String key, String cause) {
        assertThatThrownBy(() -> of(FILES.resolve(certificate), FILES.resolve(key))).isInstanceOf(TlsException.class)
                .hasMessageStartingWith(
                        "loading certificate (" + FILES.resolve(certificate) + ") and key (" + FILES.resolve(key) + ") files: ")
                .hasMessageEndingWith(cause);
    }

    @ParameterizedTest
    @DisplayName("CO §6.3: files that hold something else are told apart in the reference's words")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            x                  | cert | tls: failed to find any PEM data in certificate input
            PUBLIC KEY         | cert | tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [PUBLIC KEY]
            x                  | key  | tls: failed to find any PEM data in key input
            PUBLIC KEY         | key  | tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [PUBLIC KEY]
            ENCRYPTED PRIVATE KEY | key | tls: failed to parse private key (encrypted
            """)
    void otherBlocks(String kind, String place, String text, @TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("file.pem"),
                kind.equals("x") ? kind : "-----BEGIN " + kind + "-----\nAAAA\n-----END " + kind + "-----\n");
        Path certificate = place.equals("cert") ? file : FILES.resolve("server.pem");
        Path key = place.equals("cert") ? FILES.resolve("server-key.pem") : file;
        assertThatThrownBy(() -> of(certificate, key)).isInstanceOf(TlsException.class).hasMessageContaining(") files: " + text);
    }

    @Test
    void aKeyOfAnotherCertificateIsRefused() {
        assertThatThrownBy(() -> of(FILES.resolve("server.pem"), FILES.resolve("rsa-key.pem"))).isInstanceOf(TlsException.class)
                .hasMessageEndingWith("tls: private key type does not match public key type");
    }
}
