package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.FakeKubernetes;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.Http2OnlyKubernetes;
import org.openkas.testkit.Program;
import org.openkas.testkit.Rails;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.TestRepository;

/** GitLab's own agent of a release 14, which environment variable AGENTK14_BIN names. It always listens on port 8080, too. */
@EnabledIfEnvironmentVariable(named = "AGENTK14_BIN", matches = ".+", disabledReason = "AGENTK14_BIN names no stock agentk of a release 14")
@Timeout(120)
class StockAgent14IT {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String DEBUG = "observability: {logging: {level: debug}}\n";
    private static final String LEASES = "/apis/coordination.k8s.io/v1/namespaces/n/leases";

    @TempDir
    Path directory;

    private record Answer(int status, String head, String body) {
    }

    @BeforeEach
    void agentsPort() {
        try (ServerSocket socket = new ServerSocket(8080)) {
            assertThat(socket.isBound()).isTrue();
        } catch (IOException e) {
            assumeTrue(false, "port 8080, where an agentk of a release 14 always listens, is taken: " + e.getMessage());
        }
    }

    /** The server, its surroundings, and one agent, which is told to log everything. */
    private final class Site implements AutoCloseable {
        final FakeGitLab gitLab = FakeGitLab.release19();
        final FakeGitaly gitaly = FakeGitaly.onTcp();
        final TestRepository repository = gitaly.repository("group/project", directory.resolve("repository"));
        final int apiPort = FreePorts.some(1).getFirst();
        final RunningServer running;
        final Program agent;

        Site(String scheme, Path kubeconfig) throws Exception {
            commit(DEBUG);
            gitLab.agent("token", """
                    {"project_id":7,"agent_id":42,"agent_name":"agent-42","gitaly_info":{"address":"%s","token":"t"},"gitaly_repository":{
                    "storage_name":"default","relative_path":"group/project.git","gl_repository":"project-7",
                    "gl_project_path":"group/project"},"default_branch":"main"}""".formatted(gitaly.address()));
            gitLab.always("/job/allowed_agents", request -> GitLabAnswer.json(200, """
                    {"allowed_agents":[{"id":42,"config_project":{"id":5},"configuration":{"access_as":{"agent":{}}}}],"job":{"id":1},
                    "pipeline":{"id":2},"project":{"id":3,"groups":[{"id":6}]},"user":{"id":7,"username":"testuser"}}"""));
            running = RunningServer.withGitLab(directory, gitLab, """
                    agent: {listen: {address: '127.0.0.1:0', websocket: %s, listen_grace_period: 0.01s},
                      kubernetes_api: {listen: {address: '127.0.0.1:0'}}}""".formatted(scheme.equals("ws")), "127.0.0.1:" + apiPort);
            // of its time: no line feed behind the token, no observability port of choice
            agent = Program.run(
                    List.of(System.getenv("AGENTK14_BIN"), "--kas-address=" + scheme + "://" + running.server.agentListener().address(),
                            "--token-file=" + Files.writeString(directory.resolve("token"), "token"), "--kubeconfig=" + kubeconfig,
                            "--cache-dir=" + directory.resolve("cache")),
                    Map.of("POD_NAMESPACE", "gitlab-agent", "POD_NAME", "stock14"));
        }

        String commit(String yaml) {
            return repository.commit("main", Map.of(".gitlab/agents/agent-42/config.yaml", yaml));
        }

        RawPeer ask(String method, String path, String lines, String body) throws IOException {
            RawPeer peer = RawPeer.plain(running.server.kubernetesApiListener().orElseThrow().port());
            peer.send(method + " " + path + " HTTP/1.1\r\nHost: kas.test\r\nAuthorization: Bearer ci:42:job\r\n" + lines + "\r\n" + body);
            return peer;
        }

        Answer answer(String method, String path, String lines, String body) throws IOException {
            try (RawPeer peer = ask(method, path, lines, body)) {
                String head = peer.readHead();
                return new Answer(Integer.parseInt(head.substring(9, 12)), head, peer.readText(100_000));
            }
        }

        Answer get(String path) throws IOException {
            return answer("GET", path, "Connection: close\r\n", "");
        }

        Answer post(String path, String body) throws IOException {
            return answer("POST", path, "Connection: close\r\nContent-Type: application/json\r\nContent-Length: " + body.length() + "\r\n",
                    body);
        }

        void assertNoErrors() {
            assertThat(agent.log()).noneMatch(line -> line.path("level").asText().equals("error"));
        }

        @Override
        public void close() {
            agent.close();
            running.close();
            gitLab.close();
            gitaly.close();
            repository.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"grpc", "ws"})
    @DisplayName("KP-60, TC-28, AG-60: an agent of a release 14 is connected, gets its configuration and its changes, and carries requests, bodies and watches")
    void works(String scheme) throws Exception {
        try (FakeKubernetes cluster = new FakeKubernetes();
                Site site = new Site(scheme, cluster.kubeconfig(directory.resolve("kubeconfig")))) {
            for (int i = 0; i < 10; i++) {
                Answer version = site.get("/version");
                assertThat(version.status()).as("answer %d: %s; the agent said %s", i, version, site.agent.err()).isEqualTo(200);
                assertThat(version.body()).contains("v1.30.0");
                assertThat(version.head().lines().filter(line -> line.startsWith("Via: "))).singleElement().asString()
                        .startsWith("Via: gRPC/1.0 gitlab-kas/");
            }
            assertThat(site.get("/api/v1/none").status()).isEqualTo(404);
            watched(site);
            configured(site);
            site.assertNoErrors();
        }
    }

    private static void watched(Site site) throws IOException {
        try (RawPeer watch = site.ask("GET", LEASES + "?watch=true", "", "")) {
            assertThat(watch.readHead()).startsWith("HTTP/1.1 200 ").contains("Transfer-Encoding: chunked");
            for (String name : List.of("one", "two")) {
                Answer posted = site.post(LEASES, "{\"metadata\":{\"name\":\"%s\"},\"spec\":{\"holder\":\"%s\"}}".formatted(name,
                        "x".repeat(100_000)));
                assertThat(posted.status()).as("%s", posted).isEqualTo(201);
                assertThat(posted.body()).contains("\"name\":\"" + name + "\"").contains("resourceVersion");
                StringBuilder event = new StringBuilder();
                while (!event.toString().endsWith("}\n")) {
                    event.append(watch.readText(1));
                }
                assertThat(event).contains("{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"" + name + "\"");
            }
            assertThat(site.get(LEASES + "/one").body()).contains("\"name\":\"one\"");
        }
    }

    private static void configured(Site site) {
        // its level is info until it has taken its first configuration, which asks for debug
        await().atMost(SOON).untilAsserted(() -> assertThat(site.agent.log()).as("the agent said %s", site.agent.err())
                .anyMatch(line -> line.path("level").asText().equals("debug")));
        try (Rails rails = new Rails(site.apiPort, FakeGitLab.SECRET)) {
            assertThat(rails.connections(42)).singleElement()
                    .satisfies(connection -> assertThat(connection.getAgentMeta().getPodName()).isEqualTo("stock14"));
            String changed = site.commit("observability: {logging: {level: warn}}\n");
            rails.pushed(7, "group/project");
            await().atMost(SOON).untilAsserted(() -> assertThat(site.agent.log("Applying configuration"))
                    .as("the agent said %s", site.agent.err()).anySatisfy(line -> {
                        assertThat(line.path("commit_id").asText()).isEqualTo(changed);
                        // by its number, as it is logged in that release
                        assertThat(line.at("/agent_config/observability/logging/level").asInt()).isEqualTo(2);
                    }));
        }
    }

    @Test
    @DisplayName("KP-60: an agent of a release 14 has no upgrades: exec ends with 502 after a minute, and the agent goes on when clients leave before")
    void exec() throws Exception {
        try (Http2OnlyKubernetes cluster = new Http2OnlyKubernetes();
                Site site = new Site("grpc", cluster.kubeconfig(directory.resolve("kubeconfig")))) {
            assertThat(site.get("/version").status()).isEqualTo(200);
            for (int i = 0; i < 3; i++) {
                try (RawPeer peer = site.ask("POST", "/api/v1/namespaces/n/pods/p/exec?command=sh",
                        "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nContent-Length: 0\r\n", "")) {
                    peer.patience(2000);
                    assertThatThrownBy(peer::readHead).isInstanceOf(SocketTimeoutException.class);
                }
            }
            try (RawPeer peer = site.ask("POST", "/api/v1/namespaces/n/pods/p/exec?command=sh",
                    "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nContent-Length: 0\r\n", "")) {
                peer.patience(90_000);
                assertThat(peer.readHead()).startsWith("HTTP/1.1 502 ");
            }
            for (int i = 0; i < 10; i++) {
                assertThat(site.get("/version").status()).isEqualTo(200);
            }
        }
    }
}
