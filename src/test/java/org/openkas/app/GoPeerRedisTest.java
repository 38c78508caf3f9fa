package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.testkit.AgentChannels;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.Rails;
import org.openkas.testkit.RealRedis;
import org.openkas.testkit.SimulatedAgent;
import org.openkas.testkit.TestRepository;

/** Our server and a Go KAS in one cluster: what one writes to Redis the other understands. {@code KAS_BIN} names the program. */
@EnabledIfEnvironmentVariable(named = "KAS_BIN", matches = ".+", disabledReason = "KAS_BIN names no Go KAS")
class GoPeerRedisTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final String FILE = ".gitlab/agents/agent-42/config.yaml";

    @TempDir
    Path directory;

    private static String agentInfo(FakeGitaly gitaly, int agentId) {
        return """
                {"project_id":7,"agent_id":%d,"agent_name":"agent-42","gitaly_info":{"address":"%s","token":"t"},"gitaly_repository":{
                "storage_name":"default","relative_path":"group/project.git","gl_repository":"project-7","gl_project_path":"group/project"},
                "default_branch":"main"}""".formatted(agentId, gitaly.address());
    }

    private Process peer(FakeGitLab gitLab, RealRedis redis, int agents, int api, int probes) throws Exception {
        Path secret = Files.writeString(directory.resolve("peer-secret"), Base64.getEncoder().encodeToString(FakeGitLab.SECRET));
        Path file = Files.writeString(directory.resolve("peer.yaml"), """
                gitlab: {address: "%s", authentication_secret_file: "%s"}
                agent: {listen: {address: "127.0.0.1:%d", listen_grace_period: 0.1s, connections_per_token_per_minute: 100}}
                observability: {listen: {address: "127.0.0.1:%d"}}
                api: {listen: {address: "127.0.0.1:%d", listen_grace_period: 0.1s, authentication_secret_file: "%2$s"}}
                private_api: {listen: {address: "127.0.0.1:%d", listen_grace_period: 0.1s, authentication_secret_file: "%2$s"}}
                %s
                """.formatted(gitLab.address(), secret, agents, probes, api, FreePorts.some(1).getFirst(), redis.yaml()));
        Process peer = new ProcessBuilder(System.getenv("KAS_BIN"), "--configuration-file=" + file).redirectErrorStream(true)
                .redirectOutput(directory.resolve("peer.log").toFile()).start();
        await().atMost(LIMIT).until(() -> Files.readString(directory.resolve("peer.log")).contains("Agentk API endpoint is up"));
        return peer;
    }

    @Test
    @DisplayName("RA-42 TC-53 TC-54 TC-56 TC-57 agents, calls, refusals and pushes are shared with a Go KAS, both ways")
    void bothWays() throws Exception {
        List<Integer> ports = FreePorts.some(4);
        Process process = null;
        try (RealRedis redis = RealRedis.start();
                FakeGitLab gitLab = FakeGitLab.release16();
                FakeGitaly gitaly = FakeGitaly.onTcp();
                TestRepository repository = gitaly.repository("group/project", directory.resolve("repository"))) {
            String first = repository.commit("main", Map.of(FILE, "ci_access: {projects: [{id: g/p}]}\n"));
            gitLab.agent("token-of-ours", agentInfo(gitaly, 42));
            gitLab.agent("theirs-is-this", agentInfo(gitaly, 43));
            process = peer(gitLab, redis, ports.get(0), ports.get(1), ports.get(2));
            try (RunningServer running = RunningServer.withGitLab(directory, gitLab,
                    "agent: {listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s, connections_per_token_per_minute: 100}}",
                    "127.0.0.1:" + ports.get(3), "server: {address: \"" + redis.address() + "\"}");
                    Rails rails = new Rails(ports.get(3), FakeGitLab.SECRET);
                    Rails peerRails = new Rails(ports.get(1), FakeGitLab.SECRET);
                    SimulatedAgent ours = new SimulatedAgent(running.channel(), "token-of-ours", "ours");
                    SimulatedAgent theirs = new SimulatedAgent(AgentChannels.grpc(ports.get(0)), "theirs-is-this", "theirs")) {
                listed(rails, peerRails, ours, theirs);
                pushed(repository, first, rails, peerRails, ours, theirs);
                refused(gitLab, running, ports.get(0));
                counted(redis, gitLab, running, ports.get(0));
            }
        } finally {
            Optional.ofNullable(process).ifPresent(Process::destroy);
            if (process != null && !process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        }
        assertThat(Files.readString(directory.resolve("peer.log"))).doesNotContain("Redis hash scan", "proto.Unmarshal");
    }

    private static void listed(Rails rails, Rails peerRails, SimulatedAgent ours, SimulatedAgent theirs) {
        ours.register(1234567890123L);
        theirs.register(-5);
        for (Rails each : List.of(rails, peerRails)) {
            assertThat(each.connections(42)).singleElement().satisfies(one -> {
                assertThat(one.getConnectionId()).isEqualTo(1234567890123L);
                assertThat(one.getAgentMeta()).isEqualTo(ours.meta());
            });
            assertThat(each.connections(43)).singleElement().satisfies(one -> {
                assertThat(one.getConnectionId()).isEqualTo(-5);
                assertThat(one.getAgentMeta()).isEqualTo(theirs.meta());
            });
        }
    }

    private static void pushed(TestRepository repository, String first, Rails rails, Rails peerRails, SimulatedAgent ours,
            SimulatedAgent theirs) throws Exception {
        SimulatedAgent.Configurations here = ours.configurations("");
        SimulatedAgent.Configurations there = theirs.configurations("");
        assertThat(here.next(LIMIT).getCommitId()).isEqualTo(first);
        assertThat(there.next(LIMIT).getCommitId()).isEqualTo(first);
        for (Rails each : List.of(rails, peerRails)) {
            String next = repository.commit("main", Map.of(FILE, "ci_access: {projects: [{id: g/q" + System.nanoTime() + "}]}\n"));
            each.pushed(7, "group/project");
            assertThat(here.next(LIMIT).getCommitId()).isEqualTo(next);
            assertThat(there.next(LIMIT).getCommitId()).isEqualTo(next);
        }
    }

    private static void refused(FakeGitLab gitLab, RunningServer running, int peerPort) {
        try (SimulatedAgent here = new SimulatedAgent(running.channel(), "first-unknown", "a");
                SimulatedAgent sameThere = new SimulatedAgent(AgentChannels.grpc(peerPort), "first-unknown", "a");
                SimulatedAgent there = new SimulatedAgent(AgentChannels.grpc(peerPort), "other-unknown", "a");
                SimulatedAgent sameHere = new SimulatedAgent(running.channel(), "other-unknown", "a")) {
            String refusal = "UNAUTHENTICATED: unauthenticated";
            assertThatThrownBy(() -> here.register(1)).hasMessage(refusal);
            assertThatThrownBy(() -> there.register(1)).hasMessage(refusal);
            int asked = gitLab.requests().size();
            assertThatThrownBy(() -> sameThere.register(1)).hasMessage(refusal);
            assertThatThrownBy(() -> sameHere.register(1)).hasMessage(refusal);
            assertThat(gitLab.requests()).hasSize(asked);
        }
    }

    private static void counted(RealRedis redis, FakeGitLab gitLab, RunningServer running, int peerPort) {
        gitLab.agent("busy-token-busy", 44, 7, "group/project");
        try (SimulatedAgent here = new SimulatedAgent(running.channel(), "busy-token-busy", "a");
                SimulatedAgent there = new SimulatedAgent(AgentChannels.grpc(peerPort), "busy-token-busy", "a");
                RealRedis.Client client = redis.client()) {
            // the minute may end in between
            await().atMost(Duration.ofSeconds(90)).ignoreExceptions().untilAsserted(() -> {
                client.commands().flushall();
                for (int call = 0; call < 50; call++) {
                    here.register(1);
                    there.register(1);
                }
                String refusal = "RESOURCE_EXHAUSTED: new connection rate limit exhausted for this agent, try again later";
                assertThatThrownBy(() -> here.register(1)).hasMessage(refusal);
                assertThatThrownBy(() -> there.register(1)).hasMessage(refusal);
            });
        }
    }
}
