package org.openkas.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The root of the file, and the sections for GitLab's and other servers' calls. */
class KasConfigurationTest {

    @Test
    void defaults() throws ConfigurationException {
        KasConfiguration configuration = Loading.withLeast("");
        assertThat(configuration.api()).contains(new ApiListenSection("tcp", "127.0.0.1:8153", "/api", Optional.empty(),
                Duration.ofSeconds(7200), Duration.ofSeconds(5)));
        assertThat(configuration.privateApi()).contains(new PrivateApiListenSection("tcp", "127.0.0.1:8155", "/private", Optional.empty(),
                Duration.ofSeconds(7200), Optional.empty(), Duration.ofSeconds(5)));
        assertThat(configuration.compatibleVersion()).isEqualTo("16.6.0");
        assertThat(configuration.standalone()).isEmpty();
        assertThat(configuration.workspacesEnabled()).isFalse();
    }

    @Test
    void explicitValues() throws ConfigurationException {
        KasConfiguration configuration = Loading.withLeast("""
                api:
                  listen:
                    network: tcp4
                    address: 0.0.0.0:1
                    authentication_secret_file: /a
                    certificate_file: /c
                    key_file: /k
                    max_connection_age: 10s
                    listen_grace_period: 1s
                private_api:
                  listen:
                    network: tcp6
                    address: "[::]:2"
                    authentication_secret_file: /p
                    certificate_file: /c
                    key_file: /k
                    max_connection_age: 20s
                    ca_certificate_file: /ca
                    listen_grace_period: 2s
                compatible_version: 18.9.1
                workspaces: {enabled: true}
                """);
        TlsFiles files = new TlsFiles("/c", "/k");
        assertThat(configuration.api())
                .contains(
                        new ApiListenSection("tcp4", "0.0.0.0:1", "/a", Optional.of(files), Duration.ofSeconds(10), Duration.ofSeconds(1)));
        assertThat(configuration.privateApi()).contains(new PrivateApiListenSection("tcp6", "[::]:2", "/p", Optional.of(files),
                Duration.ofSeconds(20), Optional.of("/ca"), Duration.ofSeconds(2)));
        assertThat(configuration.compatibleVersion()).isEqualTo("18.9.1");
        assertThat(configuration.workspacesEnabled()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '^', textBlock = """
            api: {}                 ^ Api: embedded message failed validation | caused by: invalid ApiCF.Listen: value is required
            private_api: {}         ^ PrivateApi: embedded message failed validation | caused by: invalid PrivateApiCF.Listen: value is required
            api: {listen: {}}       ^ Api: embedded message failed validation | caused by: invalid ApiCF.Listen: embedded message failed validation | caused by: invalid ListenApiCF.AuthenticationSecretFile: value length must be at least 1 bytes
            private_api: {listen: {}} ^ PrivateApi: embedded message failed validation | caused by: invalid PrivateApiCF.Listen: embedded message failed validation | caused by: invalid ListenPrivateApiCF.AuthenticationSecretFile: value length must be at least 1 bytes
            api: {listen: {authentication_secret_file: a, max_connection_age: 0s, network: x}} ^ Api: embedded message failed validation | caused by: invalid ApiCF.Listen: embedded message failed validation | caused by: invalid ListenApiCF.MaxConnectionAge: value must be greater than 0s; invalid ListenApiCF.Network: value must be in list [tcp tcp4 tcp6 unix]
            compatible_version: 18.9  ^ CompatibleVersion: value must have the form X.Y.Z, such as 16.6.0
            redis:                  ^ Redis: value is required
            """)
    void violations(String yaml, String text) {
        String quoted = yaml.replace("18.9", "'18.9'");
        assertThat(Loading.failureWithLeast(quoted)).isEqualTo("kascfg.Validate: invalid ConfigurationFile." + text);
    }

    @Test
    void halfAPairOfFiles() {
        assertThat(Loading.failureWithLeast("api: {listen: {authentication_secret_file: a, key_file: /k}}"))
                .isEqualTo("API server: both certificate file () and key file (/k) must be either specified or not");
        assertThat(Loading.failureWithLeast("private_api: {listen: {authentication_secret_file: a, certificate_file: /c}}"))
                .isEqualTo("private API server: new server: both certificate file (/c) and key file () must be either specified or not");
    }

    @Test
    void aStandaloneServerNeedsNothingElse() throws ConfigurationException {
        KasConfiguration configuration = Loading.load("standalone: {agents_file: /agents.yaml}").configuration();
        assertThat(configuration.standalone()).contains(new StandaloneSection("/agents.yaml"));
        assertThat(configuration.gitlab()).isEmpty();
        assertThat(configuration.redis()).isEmpty();
        assertThat(configuration.api()).isEmpty();
        assertThat(configuration.privateApi()).isEmpty();
        assertThat(configuration.agent().listen().address()).isEqualTo("127.0.0.1:8150");
    }

    @Test
    void sectionsOfAStandaloneServerAreStillValidated() {
        assertThat(Loading.failure("standalone: {agents_file: /a}\napi: {}"))
                .isEqualTo("kascfg.Validate: invalid ConfigurationFile.Api: embedded message failed validation | caused by: "
                        + "invalid ApiCF.Listen: value is required");
    }

    @ParameterizedTest
    @ValueSource(strings = {"standalone: {}", "standalone: {agents_file: ''}"})
    void aStandaloneServerNeedsItsAgents(String yaml) {
        assertThat(Loading.failure(yaml)).isEqualTo("kascfg.Validate: invalid ConfigurationFile.Standalone: embedded message failed "
                + "validation | caused by: invalid StandaloneCF.AgentsFile: value length must be at least 1 bytes");
    }

    @Test
    void aServerIsEitherStandaloneOrGitLabs() {
        assertThat(Loading.failureWithLeast("standalone: {agents_file: /a}"))
                .isEqualTo("kascfg.Validate: invalid ConfigurationFile.Standalone: must not be given together with gitlab"
                        + " (remove the section standalone, or the section gitlab to run without GitLab)");
    }
}
