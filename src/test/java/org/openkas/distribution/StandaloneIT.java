package org.openkas.distribution;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.proto.agentconfiguration.ConfigurationResponse;
import org.openkas.testkit.AgentChannels;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.Program;
import org.openkas.testkit.SimulatedAgent;
import org.openkas.testkit.TestRepository;

/** The built server without GitLab: agents from a file, and the demo. */
@Timeout(120)
class StandaloneIT {
    private static final Duration START = Duration.ofSeconds(60);
    private static final Duration SOON = Duration.ofSeconds(10);

    @TempDir
    Path directory;

    private int port;

    private SimulatedAgent agent(String token) {
        return new SimulatedAgent(AgentChannels.ws(port), token, "pod");
    }

    private Path configuration(Path agents) throws Exception {
        port = FreePorts.some(1).getFirst();
        return Files.writeString(directory.resolve("kas.yaml"), """
                standalone: {agents_file: %s}
                agent: {listen: {address: "127.0.0.1:%d", websocket: true, listen_grace_period: 0.1s}}
                observability: {listen: {address: "127.0.0.1:0"}}
                """.formatted(agents, port));
    }

    /** Replaces a file as editors do, in one step. */
    private static void replace(Path file, String text) throws Exception {
        Files.move(Files.writeString(file.resolveSibling("new"), text), file, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
    }

    @Test
    @DisplayName("The agents file is followed while the server runs: new agents come, removed ones go, a wrong file changes nothing")
    void agentsFile() throws Exception {
        try (TestRepository near = TestRepository.create(directory.resolve("near.git"));
                TestRepository far = TestRepository.create(directory.resolve("far.git"))) {
            String nearCommit = near.commit("main", Map.of(".gitlab/agents/near/config.yaml", "ci_access: {projects: [{id: g/near}]}\n"));
            String farCommit = far.commit("main", Map.of(".gitlab/agents/far/config.yaml", "ci_access: {projects: [{id: g/far}]}\n"));
            String nearEntry = "  - {name: near, token: token-near, repository: near.git}\n";
            String farEntry = "  - {name: far, token: token-far, repository: \"%s\"}\n".formatted(far.directory().toUri());
            Path agents = Files.writeString(directory.resolve("agents.yaml"), "agents:\n" + nearEntry);
            try (Program server = Program.openkas(directory, "--configuration-file", configuration(agents).toString())) {
                server.awaitLog("Agentk API endpoint is up", START);
                try (SimulatedAgent one = agent("token-near"); SimulatedAgent two = agent("token-far")) {
                    SimulatedAgent.Configurations stream = one.configurations("");
                    assertThat(stream.next(SOON).getCommitId()).isEqualTo(nearCommit);
                    assertThatThrownBy(() -> two.register(1)).hasMessage("UNAUTHENTICATED: unauthenticated");

                    replace(agents, "agents:\n" + nearEntry + farEntry);
                    await().atMost(Duration.ofSeconds(2)).ignoreException(StatusRuntimeException.class).until(() -> {
                        two.register(1);
                        return true;
                    });
                    ConfigurationResponse response = two.configurations("").next(SOON);
                    assertThat(response.getCommitId()).isEqualTo(farCommit);
                    assertThat(response.getConfiguration().getCiAccess().getProjects(0).getId()).isEqualTo("g/far");

                    replace(agents, "agents: [{name: near}]");
                    var line = server.awaitLog("Agents file is wrong", SOON);
                    assertThat(line.path("error").asText()).contains("agents[0]");
                    assertThat(line.path("remedy").asText()).isNotEmpty();
                    one.register(1);
                    two.register(1);
                    assertThat(stream.end()).isNotDone();

                    replace(agents, "agents:\n" + farEntry);
                    assertThat(stream.end().get(10, SECONDS).getCode()).isEqualTo(Status.Code.OK);
                    assertThatThrownBy(() -> one.register(1)).hasMessage("UNAUTHENTICATED: unauthenticated");
                    two.register(1);
                }
                server.terminate();
                assertThat(server.exit(SOON)).isZero();
                assertThat(server.out()).isEmpty();
                assertThat(server.err()).noneMatch(line -> line.contains("token-near") || line.contains("token-far"));
            }
        }
    }

    @Test
    @DisplayName("The demo tells its story on standard output, shows a commit's configuration, and ends with 0")
    void demo() throws Exception {
        Path world = Files.createDirectories(directory.resolve("demo"));
        // the demo takes a configuration that is there already: this one is on free ports
        Files.copy(configuration(world.resolve("agents.yaml")), world.resolve("kas.yaml"));
        try (Program server = Program.openkas(directory, "--demo=" + world)) {
            server.awaitOut("The demo agent connected, showed its token and is registered", START);
            server.awaitOut("The demo agent received its configuration, commit ", SOON);
            server.awaitOut("git -C " + world.resolve("repository") + " commit", SOON);
            Path file = world.resolve("repository/.gitlab/agents/demo/config.yaml");
            Files.writeString(file, Files.readString(file).replace("group/application", "group/another"));
            try (org.eclipse.jgit.api.Git git = org.eclipse.jgit.api.Git.open(world.resolve("repository").toFile())) {
                git.commit().setAll(true).setMessage("Change agent demo").setAuthor("T", "t@example.org").setCommitter("T", "t@example.org")
                        .setSign(false).call();
            }
            server.awaitOut("The demo agent got a new configuration, commit ", SOON);
            server.awaitOut("group/another", SOON);
            server.terminate();
            assertThat(server.exit(SOON)).isZero();
            String token = Files.readString(world.resolve("demo.token")).strip();
            assertThat(server.out()).noneMatch(line -> line.contains(token));
            assertThat(server.log()).allMatch(line -> !line.path("level").asText().equals("error"));
        }
    }
}
