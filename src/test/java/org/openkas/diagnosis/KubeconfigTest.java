package org.openkas.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openkas.config.ConfigurationLoader;
import org.openkas.config.KasConfiguration;
import org.openkas.config.PropertySource;
import org.yaml.snakeyaml.Yaml;

class KubeconfigTest {
    @TempDir
    Path directory;

    private X509Bundle root;

    @BeforeEach
    void files() throws Exception {
        root = new CertificateBuilder().subject("CN=root").ecp256().setIsCertificateAuthority(true).buildSelfSigned();
        X509Bundle server = new CertificateBuilder().subject("CN=server").ecp256().addSanDnsName("kas.example").buildIssuedBy(root);
        Files.writeString(directory.resolve("leaf.crt"), server.getCertificatePEM());
        Files.writeString(directory.resolve("chain.crt"), server.getCertificatePEM() + root.getCertificatePEM());
        Files.writeString(directory.resolve("root.crt"), root.getCertificatePEM());
        Files.writeString(directory.resolve("ada.token"), "ada-token\n");
        Files.writeString(directory.resolve("agents.yaml"), """
                agents:
                - {name: a, id: 3, token: secret-a, repository: r}
                - {name: b, id: 4, token: secret-b, repository: r}
                users:
                - {name: 'ada: lovelace', token_file: ada.token, agents: [a]}
                - {name: eve, token: eve-token, agents: '*'}
                """);
    }

    private KasConfiguration configuration(String more) throws Exception {
        Path file = Files.writeString(directory.resolve("kas.yaml"),
                "standalone: {agents_file: %s}\n".formatted(directory.resolve("agents.yaml")) + more);
        return new ConfigurationLoader().load(Optional.of(file), PropertySource.none()).configuration();
    }

    private KasConfiguration listening(String address, String certificate) throws Exception {
        return configuration("agent: {kubernetes_api: {url_path_prefix: /k8s, listen: {address: '%s', certificate_file: %s, key_file: k}}}"
                .formatted(address, directory.resolve(certificate)));
    }

    private static Map<String, Object> read(Kubeconfig kubeconfig) {
        return new Yaml().load(kubeconfig.yaml().text());
    }

    private static String authority(Kubeconfig kubeconfig) {
        Map<?, ?> cluster = (Map<?, ?>) ((Map<?, ?>) ((List<?>) read(kubeconfig).get("clusters")).getFirst()).get("cluster");
        Object data = cluster.get("certificate-authority-data");
        return data == null ? "" : new String(Base64.getDecoder().decode(data.toString()), StandardCharsets.UTF_8);
    }

    @Test
    void itHoldsTheListenersAddressItsRootAndTheUsersToken() throws Exception {
        Kubeconfig kubeconfig = Kubeconfig.of(listening("kas.example:8154", "chain.crt"), "ada: lovelace", "a", Optional.empty(),
                Optional.empty());
        assertThat(authority(kubeconfig).replaceAll("\\s", "")).isEqualTo(root.getCertificatePEM().replaceAll("\\s", ""));
        Map<String, Object> read = read(kubeconfig);
        assertThat(read).containsEntry("current-context", "a").containsEntry("kind", "Config").containsEntry("apiVersion", "v1");
        assertThat(read.get("users")).isEqualTo(List.of(Map.of("name", "ada: lovelace", "user", Map.of("token", "pat:3:ada-token"))));
        assertThat(read.get("contexts"))
                .isEqualTo(List.of(Map.of("name", "a", "context", Map.of("cluster", "a", "user", "ada: lovelace"))));
        assertThat(kubeconfig.yaml().text()).contains("server: https://kas.example:8154/k8s\n");
        assertThat(kubeconfig.toString()).contains("kas.example").doesNotContain("ada-token");
    }

    @Test
    void aRootThatTheListenerDoesNotHaveIsLeftToTheUsersSystem() throws Exception {
        assertThat(authority(Kubeconfig.of(listening("kas.example:1", "leaf.crt"), "eve", "b", Optional.empty(), Optional.empty())))
                .isEmpty();
        assertThat(authority(Kubeconfig.of(listening("kas.example:1", "leaf.crt"), "eve", "b", Optional.empty(),
                Optional.of(directory.resolve("root.crt"))))).isEqualTo(root.getCertificatePEM());
    }

    @Test
    void aUrlThatIsGivenWins() throws Exception {
        Kubeconfig kubeconfig = Kubeconfig.of(configuration("agent: {kubernetes_api: {}}"), "eve", "a",
                Optional.of("https://kas.example/k8s"), Optional.empty());
        assertThat(kubeconfig.yaml().text()).contains("server: https://kas.example/k8s\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            bob | a |           | there is no user "bob"; known are ada: lovelace, eve
            eve | z |           | there is no agent "z"; known are a, b
            ada: lovelace | b | | user "ada: lovelace" may not reach agent "b"; add it to the user's agents
            eve | a | http://h  | server "http://h": use a URL that begins with https://
            """)
    void whoHasNoWay(String user, String agent, String server, String message) throws Exception {
        KasConfiguration configuration = listening("h:1", "leaf.crt");
        assertThatThrownBy(() -> Kubeconfig.of(configuration, user, agent, Optional.ofNullable(server), Optional.empty()))
                .isInstanceOf(KubeconfigException.class).hasMessageContaining(message).hasMessageNotContaining("eve-token");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            agent: {}                                                              | listener is off: give the configuration a section agent.kubernetes_api
            'agent: {kubernetes_api: {listen: {address: "h:1"}}}'                  | has no certificate, and kubectl sends its token over TLS only: give --server=https
            'agent: {kubernetes_api: {listen: {certificate_file: c, key_file: k}}}' | is at 0.0.0.0:8154, which does not tell the server's name: give --server=https
            'agent: {kubernetes_api: {listen: {certificate_file: c, key_file: k, address: "h:0"}}}' | takes any free port: give --server=https
            'agent: {kubernetes_api: {listen: {network: unix, address: /s}}}'      | has no TCP address: give --server=https
            """)
    void aListenerWithoutAUrl(String more, String message) throws Exception {
        KasConfiguration configuration = configuration(more);
        assertThatThrownBy(() -> Kubeconfig.of(configuration, "eve", "a", Optional.empty(), Optional.empty()))
                .isInstanceOf(KubeconfigException.class).hasMessageContaining(message);
    }

    @Test
    void withGitLabThereAreNoUsers() throws Exception {
        Path file = Files.writeString(directory.resolve("gitlab.yaml"), """
                gitlab: {address: "http://localhost", authentication_secret_file: f}
                redis: {server: {address: "localhost:1"}}
                api: {listen: {authentication_secret_file: f}}
                private_api: {listen: {authentication_secret_file: f}}
                """);
        KasConfiguration configuration = new ConfigurationLoader().load(Optional.of(file), PropertySource.none()).configuration();
        assertThatThrownBy(() -> Kubeconfig.of(configuration, "eve", "a", Optional.empty(), Optional.empty()))
                .isInstanceOf(KubeconfigException.class).hasMessageContaining("no standalone section");
    }
}
