package org.openkas.distribution;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.Status;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.openkas.proto.agentregistrar.AgentRegistrarGrpc;
import org.openkas.proto.agentregistrar.RegisterRequest;
import org.openkas.testkit.AgentChannels;
import org.openkas.testkit.Http2Frame;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.SimulatedAgent;
import org.openkas.testkit.WebSocketMessage;

/**
 * Wrong input of all kinds on the built server. Each gets a clear answer; before and after each a healthy agent is served,
 * and no descriptors are lost.
 */
@ExtendWith(SharedSite.class)
@Timeout(120)
class BadInputIT {
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final String GET_CONFIGURATION = "/gitlab.agent.agent_configuration.rpc.AgentConfiguration/GetConfiguration";
    /** What the server opens for its own purposes while tests run, such as connections to Gitaly. */
    private static final int SOME_DESCRIPTORS = 20;

    private final OmnibusSite site;
    private final OmnibusSite.Agent healthy;
    private int descriptors;

    BadInputIT(OmnibusSite site, OmnibusSite.Agent healthy) {
        this.site = site;
        this.healthy = healthy;
    }

    @BeforeEach
    void before() throws Exception {
        serveHealthyAgent();
        descriptors = site.server.descriptors();
    }

    @AfterEach
    void nothingIsLost() throws Exception {
        serveHealthyAgent();
        assertThat(site.server.running()).isTrue();
        await().atMost(SOON).untilAsserted(() -> assertThat(site.server.descriptors()).isLessThan(descriptors + SOME_DESCRIPTORS));
        assertThat(site.server.out()).isEmpty();
    }

    private void serveHealthyAgent() throws InterruptedException {
        String commit = healthy.commit("ci_access: {groups: [{id: group}]}\n");
        try (SimulatedAgent pod = healthy.overWebSocket()) {
            pod.register(1);
            SimulatedAgent.Configurations stream = pod.configurations("");
            if (!stream.next(SOON).getCommitId().equals(commit)) {
                assertThat(stream.next(SOON).getCommitId()).isEqualTo(commit);
            }
        }
    }

    private static Status end(SimulatedAgent.Configurations stream) throws Exception {
        return stream.end().get(10, SECONDS);
    }

    @Test
    @DisplayName("AG-16, CO-36: without a token, and with a wrong one")
    void tokens() throws Exception {
        try (SimulatedAgent wrong = new SimulatedAgent(AgentChannels.ws(site.agentPort), "wrong", "pod")) {
            assertThatThrownBy(() -> wrong.register(1)).hasMessage("UNAUTHENTICATED: unauthenticated");
        }
        var channel = AgentChannels.grpc(site.agentPort);
        assertThatThrownBy(() -> AgentRegistrarGrpc.newBlockingStub(channel).register(RegisterRequest.getDefaultInstance()))
                .hasMessage("UNAUTHENTICATED: Request unauthenticated with bearer");
        channel.shutdownNow();
    }

    @Test
    @DisplayName("AG-35: a configuration file above 128 KiB")
    void largeFile(OmnibusSite.Agent agent) throws Exception {
        agent.commit("#".repeat(128 * 1024 + 1));
        try (SimulatedAgent pod = agent.overGrpc()) {
            Status status = end(pod.configurations(""));
            assertThat(status.getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
            assertThat(status.getDescription()).startsWith("Config: agent configuration file: ").contains("131072");
        }
    }

    @Test
    @DisplayName("AG-36, CO-37: a configuration file with a wrong value")
    void wrongValue(OmnibusSite.Agent agent) throws Exception {
        agent.commit("observability: {logging: {level: loud}}\n");
        try (SimulatedAgent pod = agent.overGrpc()) {
            Status status = end(pod.configurations(""));
            assertThat(status.getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
            assertThat(status.getDescription()).startsWith("Config: failed to parse agent configuration: ").contains("loud");
        }
    }

    @Test
    @DisplayName("AG-33: a repository without commits: nothing, until the first push")
    void emptyRepository(OmnibusSite.Agent agent) throws Exception {
        try (SimulatedAgent pod = agent.overGrpc()) {
            SimulatedAgent.Configurations stream = pod.configurations("");
            await().atMost(SOON).until(() -> site.server.log("Config: empty repository").stream()
                    .anyMatch(line -> line.path("agent_id").asLong() == agent.id));
            assertThat(stream.end()).isNotDone();
            String commit = agent.commit("");
            site.rails.pushed(agent.projectId, agent.project);
            assertThat(stream.next(Duration.ofSeconds(1)).getCommitId()).isEqualTo(commit);
        }
    }

    @Test
    @DisplayName("AG-34: the default branch is missing")
    void missingBranch(OmnibusSite.Agent agent) throws Exception {
        agent.repository.commit("other", Map.of("README.md", ""));
        try (SimulatedAgent pod = agent.overGrpc()) {
            Status status = end(pod.configurations(""));
            assertThat(status.getCode()).isEqualTo(Status.Code.NOT_FOUND);
            assertThat(status.getDescription()).startsWith("Config: repository poll failed: NotFound: ").contains("refs/heads/main");
        }
    }

    @Test
    @DisplayName("AG-10: a text message and a message of 10 MiB and a byte")
    void messages() throws Exception {
        try (RawPeer text = RawPeer.websocket(site.agentPort); RawPeer large = RawPeer.websocket(site.agentPort)) {
            text.sendHttp2(Http2Frame.opening());
            text.send(new WebSocketMessage(WebSocketMessage.TEXT, "hello".getBytes(StandardCharsets.UTF_8)));
            WebSocketMessage close = text.readControl();
            assertThat(close.closeCode()).isEqualTo(1003);
            assertThat(close.closeReason()).isEqualTo("unexpected frame type read (expected MessageBinary): MessageText");

            large.sendHttp2(Http2Frame.opening());
            large.send(Http2Frame.join(new WebSocketMessage(WebSocketMessage.BINARY, new byte[0]).head((10 << 20) + 1, true), new byte[4]));
            close = large.readControl();
            assertThat(close.closeCode()).isEqualTo(1009);
            assertThat(close.closeReason()).isEqualTo("read limited at 10485761 bytes");
        }
    }

    @Test
    @DisplayName("AG-05: garbage in place of an upgrade ends the connection; a plain GET is told what is missing")
    void garbage() throws Exception {
        byte[] noise = new byte[4096];
        new java.util.Random(7).nextBytes(noise);
        for (byte[] start : List.of(noise, "\u0016\u0003\u0001\u0002\u0000".getBytes(StandardCharsets.ISO_8859_1),
                "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1),
                ("GET /" + "x".repeat(100_000)).getBytes(StandardCharsets.US_ASCII),
                "GET / HTTP/1.1\r\nno header\r\n\r\n".getBytes(StandardCharsets.US_ASCII))) {
            try (RawPeer peer = RawPeer.http(site.agentPort)) {
                peer.send(start);
                assertThat(peer.awaitClose(5_000)).as(new String(start, 0, 5, StandardCharsets.ISO_8859_1)).isTrue();
            }
        }
        try (RawPeer peer = RawPeer.http(site.agentPort)) {
            peer.send("GET / HTTP/1.1\r\nHost: kas.test\r\n\r\n");
            assertThat(peer.readHead()).startsWith("HTTP/1.1 426 ");
        }
    }

    @Test
    @DisplayName("Twenty agents that ask for large configurations and never read")
    void neverReading(OmnibusSite.Agent agent) throws Exception {
        agent.commit("ci_access: {projects: [{id: \"" + "p".repeat(120 * 1024) + "\"}]}\n");
        int before = site.server.residentMebibytes();
        List<RawPeer> peers = new ArrayList<>();
        try {
            for (int i = 0; i < 20; i++) {
                RawPeer peer = RawPeer.slow(site.agentPort, i % 2 == 0);
                peers.add(peer);
                // SETTINGS_INITIAL_WINDOW_SIZE and the connection's window as large as can be
                peer.sendHttp2(Http2Frame.opening(4, 0x7fffffff));
                peer.send(Http2Frame.windowUpdate(0, 0x7fff0000 - 65535));
                for (int stream = 1; stream < 60; stream += 2) {
                    peer.send(Http2Frame.call(stream, GET_CONFIGURATION, "kas.test", "authorization", "Bearer " + agent.token),
                            Http2Frame.message(stream, new byte[0], true));
                }
            }
            serveHealthyAgent();
            assertThat(site.server.residentMebibytes() - before).as("MiB more").isLessThan(400);
        } finally {
            for (RawPeer peer : peers) {
                peer.reset();
            }
        }
    }

    @Test
    @DisplayName("Two thousand connections that open and vanish, in the middle of all that a client may say first")
    void vanishing() throws Exception {
        byte[] upgrade = RawPeer.upgradeRequest("/").getBytes(StandardCharsets.ISO_8859_1);
        byte[] opening = Http2Frame.opening();
        List<byte[]> beginnings = List.of(new byte[0], upgrade, java.util.Arrays.copyOf(upgrade, 40), opening,
                java.util.Arrays.copyOf(opening, 10));
        for (int i = 0; i < 2000; i++) {
            try (RawPeer peer = RawPeer.http(site.agentPort)) {
                peer.send(beginnings.get(i % beginnings.size()));
                if (i % 2 == 0) {
                    peer.reset();
                }
            }
        }
        assertThatNewConnectionsAreTaken();
    }

    private void assertThatNewConnectionsAreTaken() throws IOException {
        try (Socket socket = new Socket("127.0.0.1", site.agentPort)) {
            assertThat(socket.isConnected()).isTrue();
        }
    }
}
