package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.GitLabRequestSeen;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.SimulatedAgent;
import org.openkas.testkit.SimulatedTunnels;

/** What GitLab's analytics hear of a whole server (chapter 02 §9.3). */
@Timeout(60)
class AgentEventsOnServerTest {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final String CI = "k8s_api_proxy_requests_unique_users_via_ci_access";
    private static final String PAT = "k8s_api_proxy_requests_unique_users_via_pat_access";
    private static final String UNWANTED = "GitLab takes no usage events: none are sent for a day";

    @TempDir
    Path directory;

    private final KubernetesAgent cluster = new KubernetesAgent().atEnd(call -> call.answer(200, "", "Content-Length", "0"));

    private RunningServer start(FakeGitLab gitLab, String period) throws Exception {
        gitLab.agent("token", 42, 7, "group/project");
        gitLab.always("/job/allowed_agents", _ -> GitLabAnswer.json(200, """
                {"allowed_agents":[{"id":42,"config_project":{"id":7}}],"job":{"id":1},"pipeline":{"id":2},"project":{"id":3},
                "user":{"id":11,"username":"u"}}"""));
        gitLab.always("/internal/kubernetes/authorize_proxy_user", _ -> GitLabAnswer.json(201, """
                {"agent":{"id":42,"config_project":{"id":7}},"user":{"id":12,"username":"v"},"access_as":{"user":{}}}"""));
        return RunningServer.withGitLab(directory, gitLab, """
                agent: {listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s},
                  kubernetes_api: {listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s}}}
                observability: {listen: {address: '127.0.0.1:0'}, usage_reporting_period: %s}
                """.formatted(period));
    }

    private static void get(RunningServer running, String credential) throws Exception {
        try (RawPeer peer = RawPeer.plain(running.server.kubernetesApiListener().orElseThrow().port())) {
            peer.send("GET /api HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + credential + "\r\n\r\n");
            assertThat(peer.readHead()).startsWith("HTTP/1.1 200 ");
        }
    }

    /** All events of one name that GitLab was told of. */
    private static List<String> told(FakeGitLab gitLab, String name) throws Exception {
        List<String> events = new ArrayList<>();
        for (GitLabRequestSeen request : gitLab.requests(FakeGitLab.AGENT_EVENTS)) {
            for (JsonNode event : new ObjectMapper().readTree(request.bodyText()).path("events").path(name)) {
                events.add(event.toString());
            }
        }
        return events;
    }

    @Test
    @DisplayName("GitLab hears within a period of an agent that registered and of each user who reached it, once")
    void periods() throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19();
                RunningServer running = start(gitLab, "0.3s");
                SimulatedAgent pod = new SimulatedAgent(running.channel(), "token", "pod");
                SimulatedTunnels _ = pod.tunnels(2, cluster.bindService())) {
            pod.register(1);
            pod.register(1);
            get(running, "pat:42:glpat");
            await().atMost(SOON).untilAsserted(() -> assertThat(told(gitLab, PAT)).containsExactly("{\"project_id\":7,\"user_id\":12}"));
            await().atMost(SOON).untilAsserted(() -> assertThat(told(gitLab, "register_agent_at_kas")).containsExactly("""
                    {"agent_id":42,"project_id":7,"agent_version":"v16.5.0","architecture":"","kubernetes_version":""}"""));
            pod.register(1);
            get(running, "ci:42:job");
            await().atMost(SOON).untilAsserted(() -> assertThat(told(gitLab, CI)).containsExactly("{\"project_id\":7,\"user_id\":11}"));
            assertThat(told(gitLab, "register_agent_at_kas")).hasSize(1);
            assertThat(running.log.lines("Failed to send usage events")).isEmpty();
        }
    }

    @Test
    @DisplayName("what is left when the server stops, GitLab hears at the end, in one request")
    void last() throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19()) {
            try (RunningServer running = start(gitLab, "3600s");
                    SimulatedAgent pod = new SimulatedAgent(running.channel(), "token", "pod");
                    SimulatedTunnels _ = pod.tunnels(2, cluster.bindService())) {
                pod.register(1);
                for (int i = 0; i < 5; i++) {
                    get(running, "ci:42:job");
                }
                running.server.drain();
                assertThat(gitLab.requests(FakeGitLab.AGENT_EVENTS)).isEmpty();
            }
            assertThat(gitLab.requests(FakeGitLab.AGENT_EVENTS)).hasSize(1);
            assertThat(told(gitLab, CI)).hasSize(1);
            assertThat(told(gitLab, "register_agent_at_kas")).hasSize(1);
        }
    }

    @Test
    @DisplayName("NR-057: a GitLab 16 is asked once, and the log says so once; its counters go on")
    void gitLab16() throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release16()) {
            RunningServer running = start(gitLab, "0.2s");
            try (running;
                    SimulatedAgent pod = new SimulatedAgent(running.channel(), "token", "pod");
                    SimulatedTunnels _ = pod.tunnels(2, cluster.bindService())) {
                pod.register(1);
                await().atMost(SOON).until(() -> !running.log.lines(UNWANTED).isEmpty());
                for (int i = 1; i <= 3; i++) {
                    int reports = i;
                    get(running, "ci:42:job");
                    pod.register(1 + i);
                    await().atMost(SOON).until(() -> gitLab.requests(FakeGitLab.USAGE_METRICS).size() >= reports);
                }
            }
            assertThat(gitLab.requests(FakeGitLab.AGENT_EVENTS)).hasSize(1);
            assertThat(running.log.lines(UNWANTED)).hasSize(1);
        }
    }

    @Test
    @DisplayName("CO-43: with usage_reporting_period 0s GitLab is told nothing")
    void never() throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19()) {
            try (RunningServer running = start(gitLab, "0s");
                    SimulatedAgent pod = new SimulatedAgent(running.channel(), "token", "pod")) {
                pod.register(1);
            }
            assertThat(gitLab.requests(FakeGitLab.AGENT_EVENTS)).isEmpty();
        }
    }
}
