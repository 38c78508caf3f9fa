package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.testkit.AgentChannels;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.FakeKubernetes;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.PeerTokens;
import org.openkas.testkit.Program;
import org.openkas.testkit.Rails;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.RealRedis;
import org.openkas.testkit.SimulatedAgent;
import org.openkas.testkit.TcpRoute;
import org.openkas.testkit.TestRepository;

/**
 * From a Go KAS, which KAS_BIN names, to this server, as chapter 07 §7.3 tells operators to do it: both on one Redis under different
 * prefixes, then the routes of agents, of clusters' clients and of GitLab lead to the new side. The agents are those of AGENTK_BIN.
 */
@EnabledIfEnvironmentVariable(named = "KAS_BIN", matches = ".+", disabledReason = "KAS_BIN names no Go KAS")
@EnabledIfEnvironmentVariable(named = "AGENTK_BIN", matches = ".+", disabledReason = "AGENTK_BIN names no stock agentk")
@Timeout(240)
class CutOverIT {
    private static final Duration SOON = Duration.ofSeconds(30);
    /** So long may an agent be out of reach. */
    private static final Duration GAP = Duration.ofSeconds(60);
    private static final List<Integer> AGENTS = List.of(41, 42, 43);
    /** Only pushes wake agents. */
    private static final String CONFIGURATIONS = "configuration: {poll_period: 3600s}";

    @TempDir
    Path directory;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private FakeGitLab gitLab;
    private TestRepository repository;
    private FakeKubernetes cluster;
    private RealRedis redis;
    private List<Integer> oldPorts;
    private Program old;
    private RunningServer ours;
    private int ourApi;
    private TcpRoute agents;
    private TcpRoute clients;
    private TcpRoute rails;

    @BeforeEach
    void start() throws Exception {
        gitLab = open(FakeGitLab.release16());
        FakeGitaly gitaly = open(FakeGitaly.onTcp());
        repository = open(gitaly.repository("group/project", directory.resolve("repository")));
        cluster = open(new FakeKubernetes());
        redis = open(RealRedis.start());
        for (int agent : AGENTS) {
            gitLab.agent("token-of-" + agent, agentInfo(gitaly, agent));
        }
        gitLab.agent("at-the-old-side", agentInfo(gitaly, 51));
        gitLab.agent("new-side-has-it", agentInfo(gitaly, 52));
        gitLab.always("/job/allowed_agents", _ -> GitLabAnswer.json(200, """
                {"allowed_agents":[{"id":41,"config_project":{"id":7}},{"id":42,"config_project":{"id":7}},
                {"id":43,"config_project":{"id":7}}],"job":{"id":1},"pipeline":{"id":2},"project":{"id":3,"groups":[]},
                "user":{"id":9,"username":"u"}}"""));
        oldPorts = FreePorts.some(5);
        old = open(Program.run(List.of(System.getenv("KAS_BIN"), "--configuration-file=" + oldSettings()), Map.of()));
        await().atMost(SOON).until(() -> old.err().stream().anyMatch(line -> line.contains("Kubernetes API endpoint is up")));
        ourApi = FreePorts.some(1).getFirst();
        ours = open(RunningServer.withGitLab(Files.createDirectory(directory.resolve("new")), gitLab,
                "agent: {listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s}, " + CONFIGURATIONS
                        + ", kubernetes_api: {listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s}}}",
                "127.0.0.1:" + ourApi, "server: {address: \"" + redis.address() + "\"}, key_prefix: openkas"));
        agents = open(new TcpRoute(oldPorts.get(0)));
        clients = open(new TcpRoute(oldPorts.get(1)));
        rails = open(new TcpRoute(oldPorts.get(2)));
    }

    private <T extends AutoCloseable> T open(T resource) {
        opened.add(resource);
        return resource;
    }

    @AfterEach
    void end() throws Exception {
        for (AutoCloseable resource : opened.reversed()) {
            resource.close();
        }
    }

    private static String agentInfo(FakeGitaly gitaly, int agentId) {
        return """
                {"project_id":7,"agent_id":%d,"agent_name":"a","gitaly_info":{"address":"%s","token":"t"},"gitaly_repository":{
                "storage_name":"default","relative_path":"group/project.git","gl_repository":"project-7","gl_project_path":"group/project"},
                "default_branch":"main"}""".formatted(agentId, gitaly.address());
    }

    private Path oldSettings() throws IOException {
        Path secret = Files.writeString(directory.resolve("secret"), Base64.getEncoder().encodeToString(FakeGitLab.SECRET));
        Path peers = Files.writeString(directory.resolve("peers"), Base64.getEncoder().encodeToString(PeerTokens.SECRET));
        return Files.writeString(directory.resolve("old.yaml"), """
                gitlab: {address: "%s", authentication_secret_file: "%s"}
                agent: {listen: {address: "127.0.0.1:%d", listen_grace_period: 0.1s}, %s,
                  kubernetes_api: {listen: {address: "127.0.0.1:%d", listen_grace_period: 0.1s, shutdown_grace_period: 5s}}}
                api: {listen: {address: "127.0.0.1:%d", authentication_secret_file: "%2$s", listen_grace_period: 0.1s}}
                private_api: {listen: {address: "127.0.0.1:%d", authentication_secret_file: "%s", listen_grace_period: 0.1s}}
                observability: {listen: {address: "127.0.0.1:%d"}}
                %s
                """.formatted(gitLab.address(), secret, oldPorts.get(0), CONFIGURATIONS, oldPorts.get(1), oldPorts.get(2), oldPorts.get(3),
                peers, oldPorts.get(4), redis.yaml()));
    }

    private Program agent(int id) throws Exception {
        Path own = Files.createDirectory(directory.resolve("agent-" + id));
        return open(Program.run(List.of(System.getenv("AGENTK_BIN"), "--kas-address=grpc://127.0.0.1:" + agents.port(),
                "--token-file=" + Files.writeString(own.resolve("token"), "token-of-" + id),
                "--kubeconfig=" + cluster.kubeconfig(own.resolve("kubeconfig")), "--cache-dir=" + own.resolve("cache"),
                "--observability-listen-address=127.0.0.1:" + FreePorts.some(1).getFirst()),
                Map.of("POD_NAMESPACE", "gitlab-agent-" + id, "POD_NAME", "pod-" + id, "SERVICE_ACCOUNT_NAME", "gitlab-agent")));
    }

    private String version(int agent) throws IOException {
        try (RawPeer peer = RawPeer.plain(clients.port())) {
            peer.send("GET /version HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ci:" + agent + ":job\r\n\r\n");
            return peer.readHead().substring(9, 12) + peer.readText(10_000);
        }
    }

    private void reachable(Duration limit) {
        for (int agent : AGENTS) {
            await().atMost(limit).ignoreExceptions()
                    .untilAsserted(() -> assertThat(version(agent)).as("agent %d", agent).startsWith("200").contains("v1.30.0"));
        }
    }

    private void configured(String name) throws IOException {
        repository.commit("main", Map.of(".gitlab/agents/a/config.yaml", "ci_access: {projects: [{id: g/" + name + "}]}\n"));
    }

    @Test
    @DisplayName("NR-055: after the switch every agent is reached through the new side within 60 s; pushes wake agents of both sides, whichever hears of them")
    void cutOver() throws Exception {
        configured("first");
        for (int agent : AGENTS) {
            agent(agent);
        }
        reachable(SOON);
        assertThat(ours.server.kubernetesApiListener()).isPresent();
        pushesWakeBothSides();

        agents.lead(ours.server.agentListener().port());
        clients.lead(ours.server.kubernetesApiListener().orElseThrow().port());
        rails.lead(ourApi);
        old.terminate();
        reachable(GAP);
        pushesComeThroughTheRoute();
        assertThat(old.exit(Duration.ofSeconds(60))).isZero();
        assertThat(ours.log.lines("Redis hash scan")).isEmpty();
        assertThat(old.err()).noneMatch(line -> line.contains("Redis hash scan"));
    }

    private void pushesComeThroughTheRoute() throws Exception {
        try (SimulatedAgent moved = new SimulatedAgent(AgentChannels.grpc(agents.port()), "at-the-old-side", "moved");
                Rails gitLabRails = new Rails(rails.port(), FakeGitLab.SECRET)) {
            SimulatedAgent.Configurations configurations = moved.configurations("", false);
            configurations.next(SOON);
            assertThat(gitLabRails.connections(51)).hasSize(1);
            configured("pushed-after-the-switch");
            gitLabRails.pushed(7, "group/project");
            configurations.next(SOON);
        }
    }

    private void pushesWakeBothSides() throws Exception {
        try (SimulatedAgent there = new SimulatedAgent(AgentChannels.grpc(oldPorts.get(0)), "at-the-old-side", "there");
                SimulatedAgent here = new SimulatedAgent(ours.channel(), "new-side-has-it", "here");
                Rails toOld = new Rails(oldPorts.get(2), FakeGitLab.SECRET);
                Rails toNew = new Rails(ourApi, FakeGitLab.SECRET)) {
            SimulatedAgent.Configurations atOld = there.configurations("");
            SimulatedAgent.Configurations atNew = here.configurations("");
            assertThat(atOld.next(SOON).getCommitId()).isEqualTo(atNew.next(SOON).getCommitId());
            for (Rails side : List.of(toOld, toNew)) {
                String commit = repository.commit("main",
                        Map.of(".gitlab/agents/a/config.yaml", "ci_access: {projects: [{id: g/p" + System.nanoTime() + "}]}\n"));
                side.pushed(7, "group/project");
                assertThat(atOld.next(SOON).getCommitId()).isEqualTo(commit);
                assertThat(atNew.next(SOON).getCommitId()).isEqualTo(commit);
            }
            assertThat(toOld.connections(52)).as("each side lists its own agents only").isEmpty();
            assertThat(toNew.connections(41)).isEmpty();
        }
    }
}
