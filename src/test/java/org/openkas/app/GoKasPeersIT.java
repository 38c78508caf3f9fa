package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.common.BuildInfo;
import org.openkas.config.ConfigurationLoader;
import org.openkas.config.PropertySource;
import org.openkas.observability.Probes;
import org.openkas.proto.kubernetesapi.KubernetesApiGrpc;
import org.openkas.testkit.AgentChannels;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.PeerTokens;
import org.openkas.testkit.Program;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.RealRedis;
import org.openkas.testkit.RecordedLog;
import org.openkas.testkit.SimulatedAgent;
import org.openkas.testkit.SimulatedTunnels;

/** This server and the Go KAS of 16.6, which KAS_BIN names, as servers of one cluster. */
@EnabledIfEnvironmentVariable(named = "KAS_BIN", matches = ".+", disabledReason = "KAS_BIN names no Go KAS")
@Timeout(120)
class GoKasPeersIT {
    @TempDir
    Path directory;

    private final RecordedLog log = new RecordedLog();
    private final FakeGitLab gitLab = FakeGitLab.release16();
    private final List<AutoCloseable> opened = new ArrayList<>(List.of(gitLab));
    private List<Integer> ports;
    private KasServer ours;
    private Program theirs;

    @BeforeEach
    void start() throws Exception {
        ports = FreePorts.some(11);
        gitLab.agent("token", 42, 7, "group/project");
        gitLab.always("/job/allowed_agents", _ -> GitLabAnswer.json(200, """
                {"allowed_agents":[{"id":42,"config_project":{"id":5}}],"job":{"id":1},"pipeline":{"id":2},"project":{"id":3,
                "groups":[]},"user":{"id":7,"username":"u"}}"""));
        opened.add(RealRedis.at(ports.get(0)));
        Path ourFile = settings("ours", 1);
        ours = KasServer.assemble(new ConfigurationLoader().load(Optional.of(ourFile), PropertySource.none()).configuration(), Map.of(),
                BuildInfo.UNKNOWN, directory.resolve("work"), log.log(), new Probes());
        opened.add(ours);
        ours.start();
        theirs = Program.run(List.of(System.getenv("KAS_BIN"), "--configuration-file=" + settings("theirs", 6)), Map.of());
        opened.add(theirs);
        await().atMost(Duration.ofSeconds(30)).until(() -> listens(ports.get(7)) && listens(ports.get(9)));
    }

    /** Ports from {@code first} on: probes, clusters' clients, agents, servers, GitLab. */
    private Path settings(String name, int first) throws IOException {
        Path gitLabSecret = Files.writeString(directory.resolve(name + "-gitlab"), Base64.getEncoder().encodeToString(FakeGitLab.SECRET));
        Path secret = Files.writeString(directory.resolve(name + "-peers"), Base64.getEncoder().encodeToString(PeerTokens.SECRET));
        return Files.writeString(directory.resolve(name + ".yaml"), """
                gitlab: {address: "%s", authentication_secret_file: "%s"}
                agent: {listen: {address: "127.0.0.1:%d", listen_grace_period: 0.1s}, kubernetes_api: {listen: {address: "127.0.0.1:%d",
                  listen_grace_period: 0.1s}}}
                observability: {listen: {address: "127.0.0.1:%d"}}
                api: {listen: {address: "127.0.0.1:%d", authentication_secret_file: "%2$s", listen_grace_period: 0.1s}}
                private_api: {listen: {address: "127.0.0.1:%d", authentication_secret_file: "%s", listen_grace_period: 0.1s}}
                redis: {server: {address: "127.0.0.1:%d"}}
                """.formatted(gitLab.address(), gitLabSecret, ports.get(first + 2), ports.get(first + 1), ports.get(first), ports.get(first + 4),
                ports.get(first + 3), secret, ports.get(0)));
    }

    @AfterEach
    void end() throws Exception {
        for (AutoCloseable resource : opened.reversed()) {
            resource.close();
        }
    }

    private static boolean listens(int port) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private SimulatedTunnels agentAt(int port, KubernetesApiGrpc.KubernetesApiImplBase cluster) {
        ManagedChannel connection = AgentChannels.grpc(port);
        SimulatedAgent pod = new SimulatedAgent(connection, "token", "pod");
        opened.add(pod);
        SimulatedTunnels tunnels = pod.tunnels(2, cluster.bindService());
        opened.add(tunnels);
        return tunnels;
    }

    private static void answer(KubernetesAgent.Call call) {
        String text = "you sent " + call.body().size();
        call.answer(201, text, "Content-Length", String.valueOf(text.length()));
    }

    private void requests(int clients, SimulatedTunnels tunnels) throws Exception {
        for (int i = 0; i < 50; i++) {
            try (RawPeer client = RawPeer.plain(clients)) {
                client.send("POST /x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ci:42:job\r\nContent-Length: 70000\r\n\r\n"
                        + "z".repeat(70_000));
                assertThat(client.readHead()).startsWith("HTTP/1.1 201 ");
                assertThat(client.readText(14)).isEqualTo("you sent 70000");
            }
        }
        assertThat(tunnels.served()).isEqualTo(50);
        // a Go KAS cancels a stream when it has all that its client needs, which may be before the agent's last word
        await().untilAsserted(() -> assertThat(tunnels.ends()).hasSizeGreaterThanOrEqualTo(50)
                .allMatch(end -> end.isOk() || "Incoming stream closed: context canceled".equals(end.getDescription())));
        assertThat(log.lines("RecvMsg(GatewayKasResponse)")).isEmpty();
    }

    @Test
    @DisplayName("TC-38: a request arrives at a Go KAS, the agent is connected to this server")
    void theyRoute() throws Exception {
        requests(ports.get(7), agentAt(ports.get(3), new KubernetesAgent().atEnd(GoKasPeersIT::answer)));
        assertThat(theirs.err()).noneMatch(line -> line.contains("\"level\":\"error\""));
    }

    @Test
    @DisplayName("TC-38: a request arrives at this server, the agent is connected to a Go KAS")
    void weRoute() throws Exception {
        requests(ports.get(2), agentAt(ports.get(8), new KubernetesAgent().atEnd(GoKasPeersIT::answer)));
        assertThat(theirs.err()).noneMatch(line -> line.contains("\"level\":\"error\""));
    }

    @Test
    @DisplayName("KP-27: what GitLab refused a job at one of the two, the other knows without asking, both ways")
    void refusals() throws Exception {
        gitLab.always("/job/allowed_agents", _ -> GitLabAnswer.status(403));
        for (List<Integer> way : List.of(List.of(7, 2), List.of(2, 7))) {
            String token = "from-" + way.getFirst() + "-to-" + way.getLast() + "-abcdefghijklmnopqrst";
            int asked = gitLab.requests("/job/allowed_agents").size();
            for (int place : way) {
                try (RawPeer client = RawPeer.plain(ports.get(place))) {
                    client.send("GET /x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ci:42:" + token + "\r\n\r\n");
                    assertThat(client.readHead()).startsWith("HTTP/1.1 403 ");
                }
                assertThat(gitLab.requests("/job/allowed_agents")).hasSize(asked + 1);
            }
        }
    }

    @Test
    @DisplayName("TC-19, 10.4: a client that leaves ends its request at the other server, in both directions")
    void leaves() throws Exception {
        for (List<Integer> way : List.of(List.of(7, 3), List.of(2, 8))) {
            KubernetesAgent cluster = new KubernetesAgent();
            try (SimulatedTunnels tunnels = agentAt(ports.get(way.get(1)), cluster)) {
                KubernetesAgent.Call call;
                try (RawPeer client = RawPeer.plain(ports.get(way.get(0)))) {
                    client.send("GET /watch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ci:42:job\r\n\r\n");
                    call = cluster.next();
                    call.head(200).data("event");
                    assertThat(client.readHead()).startsWith("HTTP/1.1 200 ");
                }
                await().atMost(Duration.ofSeconds(20)).until(() -> call.cancelled.get() == 1);
                assertThat(tunnels.served()).isEqualTo(1);
            }
        }
    }
}
