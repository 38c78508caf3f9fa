package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.proto.agentregistrar.AgentRegistrarGrpc;
import org.openkas.proto.agentregistrar.UnregisterRequest;
import org.openkas.proto.agenttracker.ConnectedAgentInfo;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.Rails;
import org.openkas.testkit.RealRedis;
import org.openkas.testkit.SimulatedAgent;

/** What GitLab hears of agents that are connected to several servers with one Redis, whichever server it asks. */
@Timeout(120)
class AgentsAtSeveralServersTest {
    @TempDir
    Path directory;

    private final RealRedis redis = RealRedis.start();
    private final FakeGitLab gitLab = FakeGitLab.release16();

    @AfterEach
    void stop() {
        gitLab.close();
        redis.close();
    }

    private record Server(RunningServer running, Rails rails) implements AutoCloseable {
        SimulatedAgent pod(String name) {
            return new SimulatedAgent(running.channel(), "token", name);
        }

        @Override
        public void close() {
            rails.close();
            running.close();
        }
    }

    private Server server(String name) throws Exception {
        gitLab.agent("token", 5, 7, "group/project");
        int api = FreePorts.some(1).getFirst();
        RunningServer running = RunningServer.withGitLab(Files.createDirectory(directory.resolve(name)), gitLab,
                "agent: {listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s}}", "127.0.0.1:" + api,
                "server: {address: \"" + redis.address() + "\"}");
        return new Server(running, new Rails(api, FakeGitLab.SECRET));
    }

    private static List<String> pods(Server server) {
        return server.rails().connections(5).stream().map(one -> one.getAgentMeta().getPodName()).sorted().toList();
    }

    @Test
    @DisplayName("RA-2: two Pods of an agent at two servers: each server lists both, with connection ids of their own")
    void twoPods() throws Exception {
        try (Server x = server("x");
                Server y = server("y");
                SimulatedAgent first = x.pod("first");
                SimulatedAgent second = y.pod("second")) {
            first.configurations("", false);
            second.configurations("", false);
            for (Server each : List.of(x, y)) {
                await().untilAsserted(() -> assertThat(pods(each)).containsExactly("first", "second"));
                assertThat(each.rails().connections(5)).extracting(ConnectedAgentInfo::getConnectionId).doesNotHaveDuplicates()
                        .allMatch(id -> id >= 0);
            }
            assertThat(x.rails().connections(5)).containsExactlyInAnyOrderElementsOf(y.rails().connections(5));
        }
    }

    @Test
    @DisplayName("RA-2: the same for Pods that register by themselves")
    void twoPodsThatRegister() throws Exception {
        try (Server x = server("x");
                Server y = server("y");
                SimulatedAgent first = x.pod("first");
                SimulatedAgent second = y.pod("second")) {
            first.register(11);
            second.register(22);
            for (Server each : List.of(x, y)) {
                assertThat(each.rails().connections(5)).extracting(ConnectedAgentInfo::getConnectionId).containsExactlyInAnyOrder(11L, 22L);
                assertThat(pods(each)).containsExactly("first", "second");
            }
        }
    }

    @Test
    @DisplayName("RA-6: an agent that leaves in order is gone from the next answer, of the other server as well")
    void leaves() throws Exception {
        try (Server x = server("x"); Server y = server("y"); SimulatedAgent stays = y.pod("stays")) {
            stays.configurations("", false);
            SimulatedAgent leaves = x.pod("leaves");
            leaves.configurations("", false);
            leaves.register(11);
            await().untilAsserted(() -> assertThat(pods(y)).containsExactly("leaves", "leaves", "stays"));
            AgentRegistrarGrpc.newBlockingStub(leaves.authorized()).unregister(UnregisterRequest.newBuilder().setPodId(11).build());
            assertThat(pods(y)).containsExactly("leaves", "stays");
            leaves.close();
            // the server hears of the connection's end on its own thread
            await().atMost(Duration.ofSeconds(5)).untilAsserted(() -> assertThat(pods(y)).containsExactly("stays"));
            assertThat(pods(x)).containsExactly("stays");
        }
    }
}
