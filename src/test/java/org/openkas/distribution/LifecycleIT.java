package org.openkas.distribution;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.grpc.Status;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.Http2Frame;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.SimulatedAgent;

/** How the built server stops, and how it goes on without GitLab; on servers of their own, with a GitLab 19. */
@Timeout(120)
class LifecycleIT {
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final String GRACE = ", listen_grace_period: 2s";
    private static final String GET_CONFIGURATION = "/gitlab.agent.agent_configuration.rpc.AgentConfiguration/GetConfiguration";

    @TempDir
    Path directory;

    @Test
    @DisplayName("CO-39, CO-41, AG-25: SIGTERM: calls are taken for the grace period, streams end with OK, WebSockets are closed, exit 0")
    void drain() throws Exception {
        try (OmnibusSite site = new OmnibusSite(directory, FakeGitLab.release19(), "info", GRACE)) {
            OmnibusSite.Agent agent = site.new Agent("agent", 1);
            agent.commit("");
            try (SimulatedAgent pod = agent.overGrpc();
                    SimulatedAgent late = agent.overWebSocket();
                    RawPeer peer = RawPeer.websocket(site.agentPort)) {
                SimulatedAgent.Configurations stream = pod.configurations("");
                stream.next(SOON);
                peer.sendHttp2(Http2Frame.opening());
                peer.send(Http2Frame.call(1, GET_CONFIGURATION, "kas.test", "authorization", "Bearer " + agent.token),
                        Http2Frame.message(1, new byte[0], true));
                peer.readFrame(Http2Frame.DATA);

                site.server.terminate();
                // nothing tells that the signal has arrived: half a second on it has, and a quarter of the grace period is over
                await().pollDelay(Duration.ofMillis(500)).atMost(SOON).until(site.server::running);
                late.register(2);
                late.configurations("").next(SOON);
                assertThat(site.get("/readiness").statusCode()).isEqualTo(200);
                assertThat(stream.end()).isNotDone();

                assertThat(stream.end().get(10, SECONDS)).isEqualTo(Status.OK);
                assertThat(ending(peer)).containsExactlyInAnyOrder("grpc-status 0", "graceful_stop 0", "graceful_stop 0");
                assertThat(site.server.exit(SOON)).isZero();
                assertThatThrownBy(() -> new Socket("127.0.0.1", site.agentPort).close()).isInstanceOf(IOException.class);
            }
            assertThat(site.server.log()).noneMatch(line -> line.path("level").asText().equals("error"));
            assertThat(site.server.out()).isEmpty();
            assertThat(directory.toFile().list((parent, name) -> name.startsWith("openkas-"))).as("work directories left behind").isEmpty();
        }
    }

    /** What the server says to a peer on its way out; a close frame with 1000 has to be the end. */
    private static List<String> ending(RawPeer peer) {
        List<String> seen = new ArrayList<>();
        assertThatThrownBy(() -> {
            while (true) {
                Http2Frame frame = peer.readFrame();
                if (frame.type() == Http2Frame.HEADERS && frame.stream() == 1 && frame.has(Http2Frame.END_STREAM)) {
                    seen.add("grpc-status 0");
                } else if (frame.type() == Http2Frame.GOAWAY) {
                    seen.add(frame.debug() + " " + frame.error());
                } else if (frame.type() == Http2Frame.PING && !frame.has(Http2Frame.ACK)) {
                    peer.send(Http2Frame.pingAck(frame.payload()));
                }
            }
        }).isInstanceOf(EOFException.class).hasMessageStartingWith("WebSocket closed with 1000");
        return seen;
    }

    @Test
    @DisplayName("CO-35, CO-42: GitLab refuses connections: an error line with a remedy, agents wait; two signals in a row still drain")
    void withoutGitLab() throws Exception {
        try (OmnibusSite site = new OmnibusSite(directory, FakeGitLab.release19(), "info", GRACE)) {
            OmnibusSite.Agent agent = site.new Agent("agent", 1);
            site.gitLab.close();
            try (SimulatedAgent pod = agent.overWebSocket()) {
                SimulatedAgent.Configurations stream = pod.configurations("");
                JsonNode line = site.server.awaitLog("GetAgentInfo()", SOON);
                assertThat(line.path("level").asText()).isEqualTo("error");
                assertThat(line.path("grpc_service").asText()).isEqualTo("gitlab.agent.agent_configuration.rpc.AgentConfiguration");
                assertThat(line.path("grpc_method").asText()).isEqualTo("GetConfiguration");
                assertThat(line.path("correlation_id").asText()).isNotEmpty();
                assertThat(line.path("error").asText()).matches("Get \"" + site.gitLab.address()
                        + "/api/v4/internal/.*/agent_info\": dial tcp 127\\.0\\.0\\.1:\\d+: connect: connection refused");
                assertThat(line.path("remedy").asText()).contains("gitlab.address");
                assertThatThrownBy(() -> pod.register(1)).hasMessage("UNAVAILABLE: unavailable");
                assertThat(stream.end()).isNotDone();
                assertThat(site.get("/readiness").statusCode()).isEqualTo(200);

                site.server.terminate();
                site.server.terminate();
                await().pollDelay(Duration.ofMillis(500)).atMost(SOON).until(site.server::running);
                site.server.terminate();
                assertThat(stream.end()).isNotDone();
                assertThat(stream.end().get(10, SECONDS)).isEqualTo(Status.OK);
                assertThat(site.server.exit(SOON)).isZero();
            }
        }
    }
}
