package org.openkas.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeKubernetes;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.Program;

/** GitLab's own agent, which environment variable AGENTK_BIN names, against the built server. */
@EnabledIfEnvironmentVariable(named = "AGENTK_BIN", matches = ".+", disabledReason = "AGENTK_BIN names no stock agentk")
@Timeout(120)
class StockAgentIT {
    private static final Duration SOON = Duration.ofSeconds(15);
    private static final String DEBUG = "observability: {logging: {level: debug}}\n";

    @TempDir
    Path directory;

    @ParameterizedTest(name = "TLS: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("AG-02, AG-30, AG-31, RA-1: a stock agent over gRPC and over WebSocket, in the clear and with TLS")
    void agents(boolean tls) throws Exception {
        String listen = tls
                ? ", certificate_file: %s, key_file: %s".formatted(FakeGitLab.file("server.pem"), FakeGitLab.file("server.key"))
                : "";
        List<Program> pods = new ArrayList<>();
        try (OmnibusSite site = new OmnibusSite(directory, FakeGitLab.release16(), "debug", listen);
                FakeKubernetes cluster = new FakeKubernetes()) {
            try {
                List<OmnibusSite.Agent> agents = new ArrayList<>();
                for (String scheme : tls ? List.of("grpcs", "wss") : List.of("grpc", "ws")) {
                    OmnibusSite.Agent agent = site.new Agent("stock-" + scheme, agents.size() + 1);
                    agent.commit(DEBUG + "# " + scheme + "\n");
                    agents.add(agent);
                    pods.add(start(site, agent, scheme, tls, cluster));
                }
                for (int i = 0; i < agents.size(); i++) {
                    follow(site, agents.get(i), pods.get(i));
                }
                // a candidate for its lease: it has its configuration and got through to the cluster
                await().atMost(SOON).untilAsserted(() -> assertThat(cluster.requests()).anyMatch(request -> request.startsWith("PUT ")));
            } finally {
                pods.forEach(Program::close);
            }
        }
    }

    private Program start(OmnibusSite site, OmnibusSite.Agent agent, String scheme, boolean tls, FakeKubernetes cluster) throws Exception {
        Path token = Files.writeString(directory.resolve(scheme + ".token"), agent.token);
        Path kubeconfig = cluster.kubeconfig(directory.resolve(scheme + ".kubeconfig"));
        List<String> command = new ArrayList<>(
                List.of(System.getenv("AGENTK_BIN"), "--kas-address=" + scheme + "://localhost:" + site.agentPort,
                        "--token-file=" + token, "--kubeconfig=" + kubeconfig, "--cache-dir=" + directory.resolve("cache"),
                        "--observability-listen-address=127.0.0.1:" + FreePorts.some(1).getFirst()));
        if (tls) {
            command.add("--ca-cert-file=" + FakeGitLab.file("ca.pem"));
        }
        return Program.run(command,
                Map.of("POD_NAMESPACE", "gitlab-agent", "POD_NAME", agent.name, "SERVICE_ACCOUNT_NAME", "gitlab-agent"));
    }

    private static void follow(OmnibusSite site, OmnibusSite.Agent agent, Program pod) throws Exception {
        // its level is info until it has taken its first configuration, which asks for debug
        await().atMost(SOON).untilAsserted(() -> assertThat(pod.log()).as("the agent's lines:%n%s", String.join("\n", pod.err()))
                .anyMatch(line -> line.path("level").asText().equals("debug")));
        await().atMost(SOON).untilAsserted(() -> assertThat(site.rails.connections(agent.id)).singleElement().satisfies(connection -> {
            assertThat(connection.getAgentMeta().getPodName()).isEqualTo(agent.name);
            assertThat(connection.getAgentMeta().getVersion()).isNotEmpty();
        }));
        String changed = agent.commit(DEBUG + "ci_access: {projects: [{id: group/changed}]}\n");
        site.rails.pushed(agent.projectId, agent.project);
        assertThat(applied(pod, changed, Duration.ofSeconds(1)).path("agent_config").asText()).contains("group/changed");
        assertThat(pod.log().stream().filter(line -> line.path("level").asText().equals("error"))
                .filter(line -> !line.toString().toLowerCase(Locale.ROOT).contains("tunnel"))).isEmpty();
    }

    /** The agent's line about a configuration that it took. */
    private static JsonNode applied(Program pod, String commit, Duration limit) {
        List<JsonNode> found = new ArrayList<>();
        await().atMost(limit).pollInterval(Duration.ofMillis(20)).untilAsserted(() -> {
            found.clear();
            pod.log().stream().filter(line -> line.path("msg").asText().equals("Applying configuration"))
                    .filter(line -> line.path("commit_id").asText().equals(commit)).forEach(found::add);
            assertThat(found).as("the agent's lines:%n%s", String.join("\n", pod.err())).isNotEmpty();
        });
        return found.getFirst();
    }
}
