package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.testkit.AgentChannels;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.Rails;
import org.openkas.testkit.RealRedis;
import org.openkas.testkit.SimulatedAgent;
import org.openkas.testkit.TestRepository;

/** Whole servers that share one Redis, with it and without it. */
class RedisOnServerTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final String TOKEN = "glagent-0123456789";
    private static final String FILE = ".gitlab/agents/agent-42/config.yaml";

    @TempDir
    Path directory;

    private final RealRedis redis = RealRedis.start();
    private final FakeGitLab gitLab = FakeGitLab.release16();
    private final FakeGitaly gitaly = FakeGitaly.onTcp();

    @AfterEach
    void stop() {
        gitaly.close();
        gitLab.close();
        redis.close();
    }

    /** One of the servers, and GitLab's way to it. */
    private record Server(RunningServer running, Rails rails) implements AutoCloseable {
        SimulatedAgent agent(String token) {
            String address = running.server.agentListener().address();
            return new SimulatedAgent(AgentChannels.grpc(Integer.parseInt(address.substring(address.lastIndexOf(':') + 1))), token, "pod");
        }

        @Override
        public void close() {
            rails.close();
            running.close();
        }
    }

    private Server server(String name, String listen, String more) throws Exception {
        Path own = Files.createDirectory(directory.resolve(name));
        int api = FreePorts.some(1).getFirst();
        RunningServer running = RunningServer.withGitLab(own, gitLab,
                "agent: {listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s" + listen + "}}", "127.0.0.1:" + api,
                "server: {address: \"" + redis.address() + "\"}, write_timeout: 1s" + more);
        return new Server(running, new Rails(api, FakeGitLab.SECRET));
    }

    private TestRepository repository() throws IOException {
        gitLab.agent(TOKEN, """
                {"project_id":7,"agent_id":42,"agent_name":"agent-42","gitaly_info":{"address":"%s","token":"t"},"gitaly_repository":{
                "storage_name":"default","relative_path":"group/project.git","gl_repository":"project-7","gl_project_path":"group/project"},
                "default_branch":"main"}""".formatted(gitaly.address()));
        return gitaly.repository("group/project", directory.resolve("repository"));
    }

    private static Status.Code code(Runnable call) {
        try {
            call.run();
            return Status.Code.OK;
        } catch (StatusRuntimeException e) {
            return e.getStatus().getCode();
        }
    }

    @Test
    @DisplayName("AG-18 TC-53 calls of a token count at all servers together")
    void limit() throws Exception {
        gitLab.agent(TOKEN, 42, 7, "group/project");
        try (Server x = server("x", ", connections_per_token_per_minute: 2", "");
                Server y = server("y", ", connections_per_token_per_minute: 2", "");
                SimulatedAgent atX = x.agent(TOKEN);
                SimulatedAgent atY = y.agent(TOKEN);
                RealRedis.Client client = redis.client()) {
            await().atMost(Duration.ofSeconds(90)).untilAsserted(() -> {
                client.commands().flushall();
                assertThat(List.of(code(() -> atX.register(1)), code(() -> atY.register(1)), code(() -> atX.register(1)),
                        code(() -> atY.register(1)))).containsExactly(Status.Code.OK, Status.Code.OK, Status.Code.RESOURCE_EXHAUSTED,
                                Status.Code.RESOURCE_EXHAUSTED);
            });
        }
    }

    @Test
    @DisplayName("GB-34 TC-54 what GitLab refused one server, another one does not ask again")
    void refusal() throws Exception {
        try (Server x = server("x", "", "");
                Server y = server("y", "", "");
                SimulatedAgent atX = x.agent("unknown-token");
                SimulatedAgent atY = y.agent("unknown-token")) {
            assertThat(code(() -> atX.register(1))).isEqualTo(Status.Code.UNAUTHENTICATED);
            int asked = gitLab.requests().size();
            assertThat(code(() -> atY.register(1))).isEqualTo(Status.Code.UNAUTHENTICATED);
            assertThat(gitLab.requests()).hasSize(asked);
        }
    }

    @Test
    @DisplayName("TC-56 TC-57 an agent at one server is listed by the other, and gets at once what was pushed there")
    void agentsAndPushes() throws Exception {
        try (TestRepository repository = repository();
                Server x = server("x", "", "");
                Server y = server("y", "", "");
                SimulatedAgent agent = x.agent(TOKEN)) {
            repository.commit("main", Map.of(FILE, "ci_access: {projects: [{id: g/p}]}\n"));
            agent.register(5);
            assertThat(y.rails().connections(42)).singleElement().satisfies(one -> assertThat(one.getConnectionId()).isEqualTo(5));
            SimulatedAgent.Configurations configurations = agent.configurations("");
            configurations.next(LIMIT);
            String second = repository.commit("main", Map.of(FILE, "ci_access: {projects: [{id: g/q}]}\n"));
            y.rails().pushed(7, "group/project");
            assertThat(configurations.next(LIMIT).getCommitId()).isEqualTo(second);
        }
    }

    @Test
    @DisplayName("AG-19 AG-39 RA-8 CO-29 without Redis agents are served, and what they cannot have fails at once; it is made good later")
    void lost() throws Exception {
        try (TestRepository repository = repository();
                Server x = server("x", "", "");
                Server strict = server("y", "", ", readiness: strict");
                SimulatedAgent agent = x.agent(TOKEN)) {
            String commit = repository.commit("main", Map.of(FILE, "ci_access: {projects: [{id: g/p}]}\n"));
            assertThat(strict.running().probes.readinessFailure()).isEmpty();
            redis.kill();
            await().until(
                    () -> !x.running().log.lines("Redis is lost: this server goes on with its own agents, other servers do not see them")
                            .isEmpty());
            SimulatedAgent.Configurations configurations = agent.configurations("", false);
            assertThat(configurations.next(LIMIT).getCommitId()).isEqualTo(commit);
            assertThatThrownBy(() -> agent.register(5)).hasMessage("UNAVAILABLE: Failed to register agent");
            assertThatThrownBy(() -> x.rails().connections(42)).hasMessage("UNAVAILABLE: GetConnectionsByAgentId() failed");
            assertThatThrownBy(() -> x.rails().pushed(7, "group/project"))
                    .hasMessageStartingWith("UNAVAILABLE: Failed to publish received git push event: ");
            assertThat(x.running().probes.readinessFailure()).isEmpty();
            assertThat(x.running().probes.adviceFailure()).get().asString().startsWith("redis: redis: ");
            assertThat(strict.running().probes.readinessFailure()).get().asString().startsWith("redis: redis: ");
            assertThat(strict.running().probes.livenessFailure()).isEmpty();
            redis.restart();
            await().atMost(LIMIT).ignoreExceptions().untilAsserted(() -> assertThat(x.rails().connections(42)).hasSize(2));
            await().atMost(LIMIT).untilAsserted(() -> assertThat(strict.running().probes.readinessFailure()).isEmpty());
            assertThat(configurations.end()).isNotDone();
        }
    }

    @Test
    @DisplayName("CO-39 TC-58 a drain takes the records of open streams out of Redis and leaves those that agents made")
    void drain() throws Exception {
        try (TestRepository repository = repository();
                Server x = server("x", "", "");
                Server y = server("y", "", "");
                SimulatedAgent agent = x.agent(TOKEN)) {
            repository.commit("main", Map.of(FILE, "ci_access: {projects: [{id: g/p}]}\n"));
            agent.configurations("", false).next(LIMIT);
            agent.register(5);
            assertThat(y.rails().connections(42)).hasSize(2);
            x.running().server.drain();
            assertThat(y.rails().connections(42)).singleElement().satisfies(one -> assertThat(one.getConnectionId()).isEqualTo(5));
        }
    }

    @Test
    @DisplayName("CO-27 a start without Redis fails within the dial limits, names the setting and says what to do")
    void start() throws Exception {
        int dead = FreePorts.some(1).getFirst();
        assertThatThrownBy(
                () -> RunningServer.withGitLab(directory, gitLab, "", "127.0.0.1:0", "server: {address: \"127.0.0.1:" + dead + "\"}"))
                .isInstanceOf(StartException.class).hasMessage("dial tcp 127.0.0.1:" + dead
                        + ": connect: connection refused (redis.server.address: start Redis there, or write where it is and can be reached from this host)");
    }
}
