package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.testkit.AgentChannels;
import org.openkas.testkit.SimulatedAgent;
import org.openkas.testkit.TestRepository;

/** TLS, the agents' own name and the access log, as {@code docs/agents-on-liberty.md} shows them. */
@Timeout(180)
class SecureAgentsOnLibertyIT {
    private static final String TOKEN = "token-of-the-agent-0123456789";

    @TempDir
    Path directory;

    @Test
    @DisplayName("agents come in over wss under their name only, leave a line without a token, and are sent away in order")
    void secure() throws Exception {
        try (TestRepository repository = TestRepository.create(directory.resolve("one.git"))) {
            String commit = repository.commit("main", Map.of(".gitlab/agents/one/config.yaml", "ci_access: {projects: [{id: g/first}]}\n"));
            Files.writeString(directory.resolve("agents.yaml"), "agents: [{name: one, token: " + TOKEN + ", repository: one.git}]\n");
            Path file = Files.writeString(directory.resolve("kas.yaml"), """
                    standalone: {agents_file: %s}
                    agent: {listen: {address: "127.0.0.1:0", listen_grace_period: 1s}}
                    observability: {listen: {address: "127.0.0.1:0"}}
                    """.formatted(directory.resolve("agents.yaml")));
            try (OperatorLiberty server = OperatorLiberty.secure(directory, file.toString())) {
                server.awaitReady();
                String name = "kas.example.com:" + server.httpsPort();
                try (SimulatedAgent stranger = agent(server, "other.example.com:" + server.httpsPort());
                        SimulatedAgent agent = agent(server, name)) {
                    await().atMost(Duration.ofSeconds(20)).ignoreException(StatusRuntimeException.class).until(() -> {
                        agent.register(1);
                        return true;
                    });
                    assertThatThrownBy(() -> stranger.register(2)).rootCause().hasMessageContaining("404");
                    SimulatedAgent.Configurations stream = agent.configurations("");
                    assertThat(stream.next(Duration.ofSeconds(15)).getCommitId()).isEqualTo(commit);
                    assertThat(server.stop()).isZero();
                    assertThat(stream.end().get(5, TimeUnit.SECONDS)).isEqualTo(Status.OK);
                }
                assertThat(server.log("agents.log")).anyMatch(line -> line.contains("\"GET /-/kubernetes-agent/ HTTP/1.1\" 101"))
                        .noneMatch(line -> line.contains(TOKEN));
                assertThat(server.console()).doesNotContain(TOKEN);
            }
        }
    }

    private static SimulatedAgent agent(OperatorLiberty server, String host) throws Exception {
        return new SimulatedAgent(AgentChannels.wss(server.httpsPort(), "Host", host), TOKEN, "pod");
    }
}
