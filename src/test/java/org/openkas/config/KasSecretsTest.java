package org.openkas.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KasSecretsTest {
    @TempDir
    private Path directory;

    @BeforeEach
    void goodSecrets() throws IOException {
        write("gitlab", 32, "\n");
        write("api", 32, "");
        write("private", 32, "\r\n");
        write("websocket", 72, "");
    }

    @Test
    @DisplayName("CO-15, GB-01: a GitLab secret of 32 bytes with a line feed behind it")
    void goodFiles() throws ConfigurationException {
        KasSecrets secrets = KasSecrets.read(configuration());
        assertThat(secrets.gitlab().orElseThrow().bytes()).isEqualTo(bytes(32));
        assertThat(secrets.api().orElseThrow().length()).isEqualTo(32);
        assertThat(secrets.privateApi().orElseThrow().length()).isEqualTo(32);
        assertThat(secrets.websocketToken().orElseThrow().length()).isEqualTo(72);
        assertThat(secrets.warnings()).isEmpty();
    }

    @Test
    @DisplayName("CO-15, GB-01: a GitLab secret of 31 bytes")
    void shortGitLabSecret() throws IOException {
        write("gitlab", 31, "");
        assertThat(failure()).startsWith("authentication secret: decoding: expecting 32 bytes, was 31 (");
    }

    @Test
    @DisplayName("CO-16: a GitLab secret file that is missing")
    void noGitLabSecret() throws IOException {
        Files.delete(directory.resolve("gitlab"));
        assertThat(failure())
                .isEqualTo(
                        "authentication secret: read file: read file: open " + directory.resolve("gitlab") + ": no such file or directory");
    }

    @Test
    @DisplayName("CO-18: a GitLab secret with a blank inside")
    void blankInGitLabSecret() throws IOException {
        Files.writeString(directory.resolve("gitlab"), "AAAA AAAA");
        assertThat(failure()).isEqualTo("authentication secret: read file: decoding: illegal base64 data at input byte 4");
    }

    @Test
    @DisplayName("CO-17: API secrets of other lengths are taken, with one warning each")
    void otherLengths() throws IOException, ConfigurationException {
        write("api", 10, "");
        write("private", 0, "");
        KasSecrets secrets = KasSecrets.read(configuration());
        assertThat(secrets.api().orElseThrow().bytes()).isEqualTo(bytes(10));
        assertThat(secrets.privateApi().orElseThrow().length()).isZero();
        assertThat(secrets.warnings()).containsExactly(
                "private_api.listen.authentication_secret_file: the secret has 0 bytes; 32 random bytes are recommended",
                "api.listen.authentication_secret_file: the secret has 10 bytes; 32 random bytes are recommended");
    }

    @Test
    void prefixesOfTheApiSecrets() throws IOException {
        Files.writeString(directory.resolve("api"), "A");
        assertThat(failure()).isEqualTo("API server: auth secret file: decoding: illegal base64 data at input byte 0");
        Files.delete(directory.resolve("api"));
        assertThat(failure())
                .isEqualTo("API server: auth secret file: read file: open " + directory.resolve("api") + ": no such file or directory");
        Files.writeString(directory.resolve("private"), "A");
        assertThat(failure()).isEqualTo("private API server: auth secret file: decoding: illegal base64 data at input byte 0");
        Files.delete(directory.resolve("private"));
        assertThat(failure()).isEqualTo(
                "private API server: auth secret file: read file: open " + directory.resolve("private") + ": no such file or directory");
    }

    @Test
    @DisplayName("NR-027: a WebSocket token secret of 71 bytes fails naming the key and both lengths")
    void shortWebSocketSecret() throws IOException {
        write("websocket", 71, "");
        assertThat(failure()).startsWith("kubernetes_api: agent.kubernetes_api.websocket_token_secret_file: expecting 72 bytes, was 71 (");
        Files.delete(directory.resolve("websocket"));
        assertThat(failure()).startsWith("kubernetes_api: agent.kubernetes_api.websocket_token_secret_file: read file: open ");
    }

    @Test
    void aStandaloneServerNeedsNoSecrets() throws ConfigurationException {
        KasSecrets secrets = KasSecrets.read(Loading.load("standalone: {agents_file: /a}").configuration());
        assertThat(secrets.gitlab()).isEmpty();
        assertThat(secrets.api()).isEmpty();
        assertThat(secrets.privateApi()).isEmpty();
        assertThat(secrets.websocketToken()).isEmpty();
    }

    @Test
    void nothingPrintsASecret() throws IOException, ConfigurationException {
        String text = Base64.getEncoder().encodeToString(bytes(31));
        write("api", 31, "");
        KasSecrets secrets = KasSecrets.read(configuration());
        assertThat(secrets.toString() + secrets.warnings()).doesNotContain(text, new String(bytes(31), StandardCharsets.UTF_8));
        write("gitlab", 31, "");
        assertThat(failure()).doesNotContain(text);
    }

    private KasConfiguration configuration() throws ConfigurationException {
        return Loading.load("""
                agent: {kubernetes_api: {websocket_token_secret_file: DIR/websocket}}
                gitlab: {address: "http://g", authentication_secret_file: DIR/gitlab}
                redis: {server: {address: x}}
                api: {listen: {authentication_secret_file: DIR/api}}
                private_api: {listen: {authentication_secret_file: DIR/private}}
                """.replace("DIR", directory.toString())).configuration();
    }

    private String failure() {
        return catchThrowableOfType(ConfigurationException.class, () -> KasSecrets.read(configuration())).getMessage();
    }

    private void write(String name, int length, String end) throws IOException {
        Files.writeString(directory.resolve(name), Base64.getEncoder().encodeToString(bytes(length)) + end);
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) 'k');
        return bytes;
    }
}
