package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.GitLabRequestSeen;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.SimulatedAgent;
import org.openkas.testkit.SimulatedTunnels;

/** The Kubernetes API of the whole server: whether there is one, who gets through it to an agent, and how it ends. */
@Timeout(60)
class KubernetesApiOnServerTest {
    private static final String JOBS = "/job/allowed_agents";
    private static final String UP = "Kubernetes API endpoint is up";
    private static final String AGENTS = "listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s}";

    @TempDir
    Path directory;

    private RunningServer start(FakeGitLab gitLab, String kubernetesApi) throws Exception {
        Path own = Files.createTempDirectory(directory, "server");
        return RunningServer.withGitLab(own, gitLab, "agent: {" + AGENTS + kubernetesApi + "}");
    }

    private static RawPeer ask(RunningServer running, String path, String... lines) throws IOException {
        RawPeer peer = RawPeer.plain(running.server.kubernetesApiListener().orElseThrow().port());
        peer.send("GET " + path + " HTTP/1.1\r\nHost: kas.test\r\n" + String.join("\r\n", lines) + "\r\n\r\n");
        return peer;
    }

    @Test
    @DisplayName("CO-13: without the section nothing listens and nothing is said")
    void absent() throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19(); RunningServer running = start(gitLab, "")) {
            assertThat(running.server.kubernetesApiListener()).isEmpty();
            assertThat(running.log.lines(UP)).isEmpty();
        }
    }

    @Test
    @DisplayName("CO-13: an empty section listens on 0.0.0.0:8154 with prefix /")
    void empty() throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19()) {
            for (String section : List.of(", kubernetes_api: {}", ", kubernetes_api: {listen: {}}")) {
                RunningServer running;
                try {
                    running = start(gitLab, section);
                } catch (StartException e) {
                    // somebody else has the port on this host: then the message says which one it was to be
                    assertThat(e).hasMessageContaining("kubernetes_api: ").hasMessageContaining("0.0.0.0:8154");
                    continue;
                }
                try (running) {
                    assertThat(running.log.lines(UP)).singleElement().satisfies(line -> assertThat(line.fields())
                            .containsEntry("net_network", "tcp").containsEntry("mod_name", "kubernetes_api"));
                    assertThat(running.server.kubernetesApiListener().orElseThrow().port()).isEqualTo(8154);
                    try (RawPeer peer = ask(running, "/")) {
                        assertThat(peer.readHead()).startsWith("HTTP/1.1 401 ");
                    }
                }
            }
        }
    }

    @Test
    @DisplayName("a bind failure of the Kubernetes API ends the start")
    void taken() throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19();
                RunningServer first = start(gitLab, ", kubernetes_api: {listen: {address: '127.0.0.1:0'}}")) {
            int port = first.server.kubernetesApiListener().orElseThrow().port();
            StartException failure = catchThrowableOfType(StartException.class,
                    () -> start(gitLab, ", kubernetes_api: {listen: {address: '127.0.0.1:" + port + "'}}").close());
            assertThat(failure).hasMessageStartingWith("kubernetes_api: ").hasMessageContaining("address already in use");
        }
    }

    /** A server with a GitLab that lets everybody reach agent 42, which is connected. */
    private interface Scene {
        void play(FakeGitLab gitLab, RunningServer running, KubernetesAgent agent) throws Exception;
    }

    private void play(String section, Scene scene) throws Exception {
        play(new KubernetesAgent(), ", kubernetes_api: {" + section + "}", scene);
    }

    private void play(KubernetesAgent agent, String section, Scene scene) throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19(); RunningServer running = start(gitLab, section)) {
            gitLab.agent("token", 42, 7, "group/project");
            gitLab.always(JOBS, request -> GitLabAnswer.json(200, """
                    {"allowed_agents":[{"id":42,"config_project":{"id":5}},{"id":43,"config_project":{"id":5}}],"job":{"id":1},
                    "pipeline":{"id":2},"project":{"id":3},"user":{"id":7,"username":"u"}}"""));
            gitLab.always("/internal/kubernetes/authorize_proxy_user", request -> GitLabAnswer.json(201, """
                    {"agent":{"id":42,"config_project":{"id":5}},"user":{"id":8,"username":"u"},"access_as":{"user":{}}}"""));
            try (SimulatedAgent pod = new SimulatedAgent(running.channel(), "token", "pod");
                    SimulatedTunnels tunnels = pod.tunnels(2, agent.bindService())) {
                assertThat(tunnels.openTunnels()).isEqualTo(2);
                scene.play(gitLab, running, agent);
            }
        }
    }

    @Test
    @DisplayName("GB-56: GitLab is told once a period which requests went through, and nothing if there was none")
    void usage() throws Exception {
        KubernetesAgent answering = new KubernetesAgent();
        String section = ", kubernetes_api: {listen: {address: '127.0.0.1:0'}}}\n"
                + "observability: {listen: {address: '127.0.0.1:0'}, usage_reporting_period: 0.2s";
        play(answering, section, (gitLab, running, agent) -> {
            agent.atEnd(call -> call.answer(200, "", "Content-Length", "0"));
            try (RawPeer peer = ask(running, "/api", "Authorization: Bearer ci:42:job")) {
                assertThat(peer.readHead()).startsWith("HTTP/1.1 200 ");
            }
            try (RawPeer peer = ask(running, "/api", "Authorization: Bearer ci:44:job")) {
                assertThat(peer.readHead()).startsWith("HTTP/1.1 403 ");
            }
            await().atMost(Duration.ofSeconds(20)).until(() -> !gitLab.requests(FakeGitLab.USAGE_METRICS).isEmpty());
            try (RawPeer peer = ask(running, "/api", "Authorization: Bearer pat:42:glpat")) {
                assertThat(peer.readHead()).startsWith("HTTP/1.1 200 ");
            }
            await().atMost(Duration.ofSeconds(20)).until(() -> gitLab.requests(FakeGitLab.USAGE_METRICS).size() > 1);
            assertThat(gitLab.requests(FakeGitLab.USAGE_METRICS).stream().map(GitLabRequestSeen::bodyText)).containsExactly(
                    """
                            {"counters":{"k8s_api_proxy_request":1,"k8s_api_proxy_requests_via_ci_access":1},"unique_counters":{\
                            "agent_users_using_ci_tunnel":[7],"k8s_api_proxy_requests_unique_agents_via_ci_access":[42],\
                            "k8s_api_proxy_requests_unique_users_via_ci_access":[7]}}""",
                    """
                            {"counters":{"k8s_api_proxy_request":1,"k8s_api_proxy_requests_via_pat_access":1},"unique_counters":{\
                            "agent_users_using_ci_tunnel":[8],"k8s_api_proxy_requests_unique_agents_via_pat_access":[42],\
                            "k8s_api_proxy_requests_unique_users_via_pat_access":[8]}}""");
        });
    }

    @Test
    @DisplayName("KP-05, KP-11, KP-16, KP-30: through the whole server to a connected agent, with each kind of credential")
    void wholeWay() throws Exception {
        play("listen: {address: '127.0.0.1:0'}, url_path_prefix: /k8s-proxy", (gitLab, running, agent) -> {
            agent.atEnd(call -> call.answer(200, "", "Content-Length", "0"));
            for (List<String> lines : List.of(List.of("Authorization: Bearer ci:42:job"), List.of("Authorization: Bearer pat:42:glpat"),
                    List.of("Cookie: _gitlab_kas=s", "Gitlab-Agent-Id: 42", "X-Csrf-Token: t", "Origin: https://gitlab.example"))) {
                try (RawPeer peer = ask(running, "/k8s-proxy/api?x=1", lines.toArray(String[]::new))) {
                    assertThat(peer.readHead()).startsWith("HTTP/1.1 200 ");
                }
                KubernetesAgent.Call call = agent.next();
                assertThat(call.header().getRequest().getUrlPath()).isEqualTo("/api");
                assertThat(call.header().hasExtra()).isEqualTo(!lines.getFirst().contains("ci:"));
                assertThat(call.messages.toString()).doesNotContain("Authorization", "Cookie", "X-Csrf-Token", "Gitlab-Agent-Id");
            }
            try (RawPeer peer = ask(running, "/k8s-proxy/api", "Authorization: Bearer ci:44:job")) {
                assertThat(peer.readHead()).startsWith("HTTP/1.1 403 ");
            }
            try (RawPeer peer = ask(running, "/api", "Authorization: Bearer ci:42:job")) {
                assertThat(peer.readHead()).startsWith("HTTP/1.1 400 ");
            }
            try (RawPeer peer = ask(running, "/k8s-proxy/", "Origin: https://evil.example", "Authorization: Bearer ci:42:job")) {
                assertThat(peer.readHead()).startsWith("HTTP/1.1 403 ").contains("Content-Length: 0").doesNotContain("Server:");
            }
            assertThat(gitLab.requests(JOBS)).as("questions about the one job").hasSize(1);
            assertThat(agent.waiting()).isZero();
        });
    }

    @ParameterizedTest
    @DisplayName("known clients go on while GitLab fails for agent.info_cache_stale_ttl, as configured")
    @CsvSource({"300s,200", "0s,500"})
    void whileGitLabFails(String stale, int status) throws Exception {
        KubernetesAgent agent = new KubernetesAgent();
        agent.atEnd(call -> call.answer(200, "", "Content-Length", "0"));
        String section = ", info_cache_stale_ttl: " + stale
                + ", kubernetes_api: {listen: {address: '127.0.0.1:0'}, allowed_agent_cache_ttl: 0.2s}";
        play(agent, section, (gitLab, running, pod) -> {
            String token = "Authorization: Bearer ci:42:job";
            try (RawPeer peer = ask(running, "/", token)) {
                assertThat(peer.readHead()).startsWith("HTTP/1.1 200 ");
            }
            gitLab.always(JOBS, request -> GitLabAnswer.status(501));
            await().untilAsserted(() -> {
                try (RawPeer peer = ask(running, "/", token)) {
                    assertThat(peer.readHead()).startsWith("HTTP/1.1 " + status + " ");
                }
                assertThat(gitLab.requests(JOBS)).as("questions after the first answer expired").hasSizeGreaterThan(1);
            });
        });
    }

    @Test
    @DisplayName("CO-40: a download that runs when the server is told to stop is completed, and agents may connect until then")
    void downloadDuringTheEnd() throws Exception {
        play("listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s, shutdown_grace_period: 3600s}", (gitLab, running, agent) -> {
            try (RawPeer download = ask(running, "/big", "Authorization: Bearer ci:42:job")) {
                KubernetesAgent.Call call = agent.next();
                call.head(200, "Content-Length", "6").data("abc");
                assertThat(download.readHead()).startsWith("HTTP/1.1 200 ");
                assertThat(download.readText(3)).isEqualTo("abc");
                Thread drain = Thread.ofPlatform().start(running.server::drain);
                await().until(() -> refused(running));
                KubernetesAgent late = new KubernetesAgent();
                try (SimulatedAgent pod = new SimulatedAgent(running.channel(), "token", "late");
                        SimulatedTunnels tunnels = pod.tunnels(1, late.bindService())) {
                    await().during(Duration.ofMillis(300)).until(() -> drain.isAlive() && tunnels.openTunnels() == 1);
                    call.data("def").trailer().complete();
                    assertThat(download.readText(3)).isEqualTo("def");
                    assertThat(download.awaitClose(5000)).isTrue();
                    drain.join(Duration.ofSeconds(20));
                    assertThat(drain.isAlive()).isFalse();
                }
            }
        });
    }

    @Test
    @DisplayName("CO-40: a download that takes longer than shutdown_grace_period is cut off")
    void endlessDownload() throws Exception {
        play("listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s, shutdown_grace_period: 0.2s}", (gitLab, running, agent) -> {
            try (RawPeer download = ask(running, "/big", "Authorization: Bearer ci:42:job")) {
                KubernetesAgent.Call call = agent.next();
                call.head(200, "Content-Length", "6").data("abc");
                download.readHead();
                Thread drain = Thread.ofPlatform().start(running.server::drain);
                assertThat(download.readText(100)).isEqualTo("abc");
                await().until(() -> call.cancelled.get() == 1);
                drain.join(Duration.ofSeconds(20));
                assertThat(drain.isAlive()).isFalse();
            }
        });
    }

    private static boolean refused(RunningServer running) {
        try (RawPeer peer = RawPeer.plain(running.server.kubernetesApiListener().orElseThrow().port())) {
            return peer.awaitClose(1);
        } catch (IOException e) {
            return true;
        }
    }
}
