package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openkas.common.BuildInfo;
import org.openkas.config.ConfigurationLoader;
import org.openkas.config.PropertySource;
import org.openkas.observability.Probes;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.RecordedLog;

/** The listener for other servers on the whole server: its start, what is said of it, and what keeps the server from starting. */
@Timeout(60)
class PrivateApiOnServerTest {
    private static final String SECRET = "authentication_secret_file: SECRET";

    @TempDir
    Path directory;
    private final RecordedLog log = new RecordedLog();
    private final Probes probes = new Probes();

    private KasServer server(String listen, Map<String, String> variables) throws Exception {
        Path secret = Files.writeString(directory.resolve("secret"), Base64.getEncoder().encodeToString(new byte[32]));
        Path agents = Files.writeString(directory.resolve("agents.yaml"),
                "{agents: [{name: a, id: 3, token: secret-a, repository: repos/a.git}]}");
        Path file = Files.writeString(directory.resolve("kas.yaml"), """
                standalone: {agents_file: %s}
                agent: {listen: {address: "127.0.0.1:0"}}
                observability: {listen: {address: "127.0.0.1:0"}}
                %s
                """.formatted(agents, listen.isEmpty() ? "" : "private_api: {listen: {" + listen.replace("SECRET", secret.toString()) + "}}"));
        return KasServer.assemble(new ConfigurationLoader().load(Optional.of(file), PropertySource.none()).configuration(), variables,
                BuildInfo.UNKNOWN, directory.resolve("work"), log.log(), probes);
    }

    @Test
    @DisplayName("CO-23, CO-25: the URL comes first in the log, the listener is ready and says so")
    void starts() throws Exception {
        int port = FreePorts.some(1).getFirst();
        try (KasServer server = server("address: '127.0.0.1:" + port + "', " + SECRET, Map.of("OWN_PRIVATE_API_PORT", "9000"))) {
            assertThat(log.lines().getFirst().message()).isEqualTo("Using own private API URL");
            assertThat(log.lines().getFirst().fields()).containsEntry("url", "grpc://127.0.0.1:" + port);
            server.start();
            assertThat(log.lines("Private API endpoint is up")).singleElement().satisfies(line -> assertThat(line.fields())
                    .containsEntry("net_network", "tcp").containsEntry("net_address", "127.0.0.1:" + port));
            assertThat(server.privateApiListener()).isPresent();
        }
    }

    @Test
    @DisplayName("A server alone needs neither listener nor secret nor URL")
    void alone() throws Exception {
        try (KasServer server = server("", Map.of("OWN_PRIVATE_API_SCHEME", "nonsense"))) {
            server.start();
            assertThat(server.privateApiListener()).isEmpty();
            assertThat(log.lines("Using own private API URL")).isEmpty();
        }
    }

    @ParameterizedTest
    @DisplayName("CO-21, CO-26 and others: what keeps a server from starting")
    @CsvSource(delimiter = '|', textBlock = """
            address: '127.0.0.1:0', SECRETKEY | OWN_PRIVATE_API_URL=a OWN_PRIVATE_API_CIDR=b | private API server: either OWN_PRIVATE_API_URL or OWN_PRIVATE_API_CIDR should be specified, not both
            address: '127.0.0.1:0', SECRETKEY | OWN_PRIVATE_API_SCHEME=http | private API server: OWN_PRIVATE_API_SCHEME environment variable schould be either grpc or grpcs, got: http
            address: '127.0.0.1:0', authentication_secret_file: /no/such/file | X=y | private API server: auth secret file: read file: open /no/such/file: no such file or directory
            address: '127.0.0.1:0', SECRETKEY, ca_certificate_file: /no/ca | X=y | private API server: kas pool: CA certificate file: open /no/ca: no such file or directory
            address: '127.0.0.1:0', SECRETKEY, certificate_file: /no/c, key_file: /no/k | X=y | private API server: new server: loading certificate (/no/c) and key (/no/k) files
            address: 'nowhere.invalid:0', SECRETKEY | X=y | listen tcp: lookup nowhere.invalid: no such host
            """)
    void refuses(String listen, String variables, String text) {
        Map<String, String> all = new HashMap<>();
        for (String variable : variables.split(" ", -1)) {
            all.put(variable.substring(0, variable.indexOf('=')), variable.substring(variable.indexOf('=') + 1));
        }
        assertThatThrownBy(() -> server(listen.replace("SECRETKEY", SECRET), all)).isInstanceOf(StartException.class)
                .hasMessageContaining(text);
    }

    @Test
    @DisplayName("CO-46: a port that is taken")
    void taken() throws Exception {
        int port = FreePorts.some(1).getFirst();
        try (KasServer first = server("address: '127.0.0.1:" + port + "', " + SECRET, Map.of());
                KasServer second = server("address: '127.0.0.1:" + port + "', " + SECRET, Map.of())) {
            first.start();
            assertThatThrownBy(second::start).isInstanceOf(StartException.class)
                    .hasMessage("listen tcp 127.0.0.1:" + port + ": bind: address already in use");
        }
    }
}
