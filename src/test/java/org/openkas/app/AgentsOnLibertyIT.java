package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.testkit.AgentChannels;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeKubernetes;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.Http2Frame;
import org.openkas.testkit.Program;
import org.openkas.testkit.Rails;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.SimulatedAgent;
import org.openkas.testkit.TestRepository;

/** Agents on the HTTP port of an operator's Open Liberty, while Liberty stops the application or itself. */
@Timeout(180)
class AgentsOnLibertyIT {
    private static final Duration SOON = Duration.ofSeconds(15);
    private static final String TOKEN = "token-of-the-agent-0123456789";
    private static final String GET_CONFIGURATION = "/gitlab.agent.agent_configuration.rpc.AgentConfiguration/GetConfiguration";
    private static final String FILE = ".gitlab/agents/one/config.yaml";
    private static final String DEBUG = "observability: {logging: {level: debug}}\n";
    private static final int AGENTS = 20;

    @TempDir
    Path directory;

    private int apiPort;
    private TestRepository repository;
    private OperatorLiberty server;

    @BeforeEach
    void start() throws Exception {
        repository = TestRepository.create(directory.resolve("one.git"));
        repository.commit("main", Map.of(FILE, "ci_access: {projects: [{id: g/first}]}\n"));
        Files.writeString(directory.resolve("agents.yaml"), "agents: [{name: one, token: " + TOKEN + ", repository: one.git}]\n");
        apiPort = FreePorts.some(1).getFirst();
        Path secret = Files.writeString(directory.resolve("secret"), Base64.getEncoder().encodeToString(FakeGitLab.SECRET));
        Path file = Files.writeString(directory.resolve("kas.yaml"), """
                standalone: {agents_file: %s}
                agent: {listen: {address: "127.0.0.1:0", listen_grace_period: 2s}}
                observability: {listen: {address: "127.0.0.1:0"}}
                api: {listen: {address: "127.0.0.1:%d", authentication_secret_file: %s}}
                """.formatted(directory.resolve("agents.yaml"), apiPort, secret));
        server = OperatorLiberty.start(directory, file.toString());
        server.awaitReady();
    }

    @AfterEach
    void stop() {
        server.close();
        repository.close();
    }

    @Test
    @DisplayName("AG-25: server stop: waiting calls end with OK, GOAWAY graceful_stop, close frame 1000, though Liberty closes the port")
    void serverStop() throws Exception {
        try (RawPeer waiting = RawPeer.websocket(server.port()); RawPeer idle = RawPeer.websocket(server.port())) {
            idle.sendHttp2(Http2Frame.opening());
            waiting.sendHttp2(Http2Frame.opening());
            waiting.send(Http2Frame.call(1, GET_CONFIGURATION, "kas.test", "authorization", "Bearer " + TOKEN),
                    Http2Frame.message(1, new byte[0], true));
            waiting.readFrame(Http2Frame.DATA);
            Thread stop = Thread.ofVirtual().start(() -> assertThat(stopped()).isZero());
            assertThat(waiting.ending()).containsExactlyInAnyOrder("grpc-status 0", "graceful_stop 0", "graceful_stop 0");
            assertThat(idle.ending()).containsExactly("graceful_stop 0", "graceful_stop 0");
            assertThat(stop.join(Duration.ofSeconds(60))).isTrue();
            assertThat(server.running()).isFalse();
            assertThat(server.console()).doesNotContain("\"level\":\"error\"", "CWWKE1102W", "Exception");
        }
    }

    @Test
    @DisplayName("AG-38: an agent is connected while its stream is open, and never with skip_register")
    void connected() throws Exception {
        try (Rails rails = new Rails(apiPort, FakeGitLab.SECRET)) {
            long id;
            try (SimulatedAgent skipping = new SimulatedAgent(AgentChannels.ws(server.port()), TOKEN, "skipping");
                    SimulatedAgent agent = new SimulatedAgent(AgentChannels.ws(server.port()), TOKEN, "pod")) {
                id = skipping.configurations("", true).next(SOON).getConfiguration().getAgentId();
                assertThat(rails.connections(id)).isEmpty();
                agent.configurations("", false).next(SOON);
                await().atMost(SOON).untilAsserted(() -> assertThat(rails.connections(id)).singleElement()
                        .satisfies(each -> assertThat(each.getAgentMeta().getPodName()).isEqualTo("pod")));
            }
            await().atMost(SOON).until(() -> rails.connections(id).isEmpty());
        }
    }

    @Test
    @EnabledIfEnvironmentVariable(named = "AGENTK_BIN", matches = ".+", disabledReason = "AGENTK_BIN names no stock agentk")
    @DisplayName("AG-02: a stock agent, its configuration before and after an update of the application, and no error")
    void stockAgent() throws Exception {
        Path token = Files.writeString(directory.resolve("token"), TOKEN);
        repository.commit("main", Map.of(FILE, DEBUG));
        try (FakeKubernetes cluster = new FakeKubernetes()) {
            List<String> command = List.of(System.getenv("AGENTK_BIN"), "--kas-address=ws://localhost:" + server.port() + "/-/kubernetes-agent/",
                    "--token-file=" + token, "--kubeconfig=" + cluster.kubeconfig(directory.resolve("kubeconfig")),
                    "--cache-dir=" + directory.resolve("cache"), "--observability-listen-address=127.0.0.1:" + FreePorts.some(1).getFirst());
            try (Program pod = Program.run(command,
                    Map.of("POD_NAMESPACE", "gitlab-agent", "POD_NAME", "pod", "SERVICE_ACCOUNT_NAME", "gitlab-agent"))) {
                await().atMost(SOON).until(() -> pod.log().stream().anyMatch(line -> line.path("level").asText().equals("debug")));
                server.redeploy();
                await().atMost(SOON).until(() -> server.get("/-/kubernetes-agent/").statusCode() == 404);
                String changed = repository.commit("main", Map.of(FILE, DEBUG + "ci_access: {projects: [{id: g/second}]}\n"));
                await().atMost(Duration.ofSeconds(60)).until(() -> pod.log().stream().anyMatch(
                        line -> line.path("msg").asText().equals("Applying configuration") && line.path("commit_id").asText().equals(changed)));
                assertThat(pod.log().stream().filter(line -> line.path("level").asText().equals("error"))
                        .filter(line -> !line.toString().toLowerCase(Locale.ROOT).contains("tunnel"))).isEmpty();
            }
        }
    }

    private int stopped() {
        try {
            return server.stop();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** False if nobody took the call: after GOAWAY the channel dials anew, which may be told before the stream's end is. */
    private static boolean registered(SimulatedAgent agent, int id, Queue<Status> refusals) {
        try {
            agent.register(id);
            return true;
        } catch (StatusRuntimeException e) {
            refusals.add(e.getStatus());
            return false;
        }
    }

    @Test
    @DisplayName("redeploy under load: streams end with OK, no call is lost, agents are back soon and hear of what changed meanwhile")
    void redeploy() throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        Queue<Status> ends = new ConcurrentLinkedQueue<>();
        Queue<Status> refusals = new ConcurrentLinkedQueue<>();
        Queue<String> commits = new ConcurrentLinkedQueue<>();
        Queue<Duration> gaps = new ConcurrentLinkedQueue<>();
        AtomicInteger connected = new AtomicInteger();
        List<Thread> agents = new ArrayList<>();
        for (int i = 0; i < AGENTS; i++) {
            int id = i;
            agents.add(Thread.ofVirtual().start(() -> {
                long lost = System.nanoTime();
                while (!over.get()) {
                    try (SimulatedAgent agent = new SimulatedAgent(AgentChannels.ws(server.port()), TOKEN, "pod" + id)) {
                        agent.register(id);
                        gaps.add(Duration.ofNanos(System.nanoTime() - lost));
                        SimulatedAgent.Configurations stream = agent.configurations("");
                        commits.add(stream.next(SOON).getCommitId());
                        connected.incrementAndGet();
                        while (!stream.end().isDone() && !over.get() && registered(agent, id, refusals)) {
                            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
                        }
                        if (!over.get()) {
                            lost = System.nanoTime();
                            ends.add(stream.end().join());
                        }
                    } catch (StatusRuntimeException e) {
                        refusals.add(e.getStatus());
                        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
                    } catch (InterruptedException e) {
                        return;
                    }
                }
            }));
        }
        await().atMost(SOON).until(() -> connected.get() == AGENTS);
        gaps.clear();
        commits.clear();
        server.redeploy();
        await().atMost(SOON).until(() -> server.get("/-/kubernetes-agent/").statusCode() == 404);
        String changed = repository.commit("main", Map.of(FILE, "ci_access: {projects: [{id: g/second}]}\n"));
        await().atMost(Duration.ofSeconds(60)).until(() -> connected.get() == 2 * AGENTS);
        over.set(true);
        for (Thread agent : agents) {
            agent.join();
        }
        assertThat(ends).hasSize(AGENTS).allMatch(Status::isOk);
        assertThat(commits).hasSize(AGENTS).containsOnly(changed);
        // between the old application and the new one nobody is there; a call that was taken is answered
        assertThat(refusals).extracting(Status::getCode).containsOnly(Status.Code.UNAVAILABLE);
        assertThat(refusals).extracting(Status::getCause).allSatisfy(cause -> assertThat(cause).hasMessageContaining("did not upgrade"));
        assertThat(gaps).hasSize(AGENTS).allSatisfy(gap -> assertThat(gap).isLessThan(Duration.ofSeconds(20)));
        // a thread of the old application would keep its classes, tens of megabytes a redeploy; the new one has one of each name
        await().atMost(SOON).untilAsserted(() -> assertThat(server.threads()).contains("openkas-log")
                .filteredOn(name -> name.startsWith("openkas-") || name.startsWith("JGit-") || name.startsWith("prometheus-"))
                .doesNotHaveDuplicates());
    }
}
