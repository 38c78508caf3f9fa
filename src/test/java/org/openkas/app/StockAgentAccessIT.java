package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.FakeKubernetes;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.GitLabRequestSeen;
import org.openkas.testkit.Program;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.TestRepository;

/** Who a cluster sees behind GitLab's own agent, which environment variable AGENTK_BIN names. */
@EnabledIfEnvironmentVariable(named = "AGENTK_BIN", matches = ".+", disabledReason = "AGENTK_BIN names no stock agentk")
@Timeout(120)
class StockAgentAccessIT {
    private static final String JOBS = "/job/allowed_agents";
    private static final String JOB = "Authorization: Bearer ci:42:s3cret-job";

    @TempDir
    Path directory;

    private record Answer(int status, String body) {
    }

    private static Answer get(RunningServer running, String... lines) throws IOException {
        try (RawPeer peer = RawPeer.plain(running.server.kubernetesApiListener().orElseThrow().port())) {
            peer.send("GET /version HTTP/1.1\r\nHost: kas.test\r\nConnection: close\r\n" + String.join("\r\n", lines) + "\r\n\r\n");
            return new Answer(Integer.parseInt(peer.readHead().substring(9, 12)), peer.readText(100_000));
        }
    }

    /** GitLab lets everybody reach agent 42 in this mode. */
    private static void mode(FakeGitLab gitLab, String accessAs) {
        gitLab.always(JOBS, request -> GitLabAnswer.json(200, """
                {"allowed_agents":[{"id":42,"config_project":{"id":5},"configuration":{"access_as":%s}}],"job":{"id":1},
                "pipeline":{"id":2},"project":{"id":3,"groups":[{"id":6}]},"user":{"id":7,"username":"testuser"}}"""
                .formatted(accessAs)));
    }

    /** What the cluster was told in the last request for its version. */
    private static Map<String, List<String>> lastHeaders(FakeKubernetes cluster) {
        return cluster.headers().get(cluster.requests().lastIndexOf("GET /version"));
    }

    @Test
    @DisplayName("KP-24, KP-19 to KP-23, I5: the cluster sees the identity that GitLab gave, a client's own only in mode agent, never both, and no credential of the client")
    void identities() throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19();
                FakeGitaly gitaly = FakeGitaly.onTcp();
                TestRepository repository = gitaly.repository("group/project", directory.resolve("repository"));
                FakeKubernetes cluster = new FakeKubernetes()) {
            repository.commit("main", Map.of(".gitlab/agents/agent-42/config.yaml", "observability: {logging: {level: debug}}\n"));
            gitLab.agent("token", """
                    {"project_id":7,"agent_id":42,"agent_name":"agent-42","gitaly_info":{"address":"%s","token":"t"},"gitaly_repository":{
                    "storage_name":"default","relative_path":"group/project.git","gl_repository":"project-7",
                    "gl_project_path":"group/project"},"default_branch":"main"}""".formatted(gitaly.address()));
            mode(gitLab, "{\"agent\":{}}");
            String more = """
                    agent: {listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s},
                      kubernetes_api: {listen: {address: '127.0.0.1:0'}, allowed_agent_cache_ttl: 0s}}""";
            try (RunningServer running = RunningServer.withGitLab(directory, gitLab, more);
                    Program pod = start(running.server.agentListener().port(), cluster)) {
                await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(get(running, JOB).status())
                        .as("the agent said %s", pod.err()).isEqualTo(200));
                assertThat(lastHeaders(cluster)).doesNotContainKeys("impersonate-user", "impersonate-group");

                assertThat(get(running, JOB, "impersonate-USER: mallory", "Impersonate-Group: a", "impersonate-group: b").status())
                        .isEqualTo(200);
                assertThat(lastHeaders(cluster)).containsEntry("impersonate-user", List.of("mallory")).containsEntry("impersonate-group",
                        List.of("a", "b"));

                mode(gitLab, "{\"ci_job\":{}}");
                assertThat(get(running, JOB, "Cookie: _gitlab_kas=s3cret", "X-Csrf-Token: s3cret", "Gitlab-Agent-Id: 42").status())
                        .isEqualTo(200);
                assertThat(lastHeaders(cluster)).containsEntry("impersonate-user", List.of("gitlab:ci_job:1"))
                        .containsEntry("impersonate-group", List.of("gitlab:ci_job", "gitlab:group:6", "gitlab:project:3"))
                        .containsEntry("impersonate-extra-agent.gitlab.com%2fci_job_id", List.of("1"));

                int before = cluster.requests().size();
                for (String line : List.of("impersonate-user: x", "IMPERSONATE-GROUP: system:masters", "Impersonate-uid: 0",
                        "iMPERSONATE-eXTRA-a: b")) {
                    Answer nested = get(running, JOB, line);
                    assertThat(nested.status()).as(line).isEqualTo(502);
                    assertThat(nested.body())
                            .contains("HTTP-\\u003egRPC: failed to read gRPC response: rpc error: code = Unavailable desc = "
                                    + "gRPC -\\u003e HTTP: nested impersonation is not supported - agent is already configured to impersonate an identity");
                }
                assertThat(cluster.requests().subList(before, cluster.requests().size())).doesNotContain("GET /version");

                mode(gitLab,
                        "{\"impersonate\":{\"username\":\"u\",\"groups\":[\"g\"],\"uid\":\"9\",\"extra\":[{\"key\":\"k\",\"val\":[\"v\",\"w\"]}]}}");
                assertThat(get(running, JOB).status()).isEqualTo(200);
                assertThat(lastHeaders(cluster)).containsEntry("impersonate-user", List.of("u"))
                        .containsEntry("impersonate-uid", List.of("9"))
                        .containsEntry("impersonate-extra-k", List.of("v", "w"));

                gitLab.always("/internal/kubernetes/authorize_proxy_user", request -> GitLabAnswer.json(201, """
                        {"agent":{"id":42,"config_project":{"id":5}},"user":{"id":8,"username":"testuser"},
                        "access_as":{"user":{"projects":[{"id":3,"roles":["developer"]}]}}}"""));
                assertThat(get(running, "Authorization: Bearer pat:42:s3cret").status()).isEqualTo(200);
                assertThat(lastHeaders(cluster)).containsEntry("impersonate-user", List.of("gitlab:user:testuser"))
                        .containsEntry("impersonate-extra-agent.gitlab.com%2faccess_type", List.of("personal_access_token"));

                assertThat(cluster.headers().toString()).doesNotContain("s3cret");
                assertThat(running.log.lines().toString()).doesNotContain("s3cret");
            }
            // chapter 02 §9.3: what the server told GitLab, when it stopped at the latest
            assertThat(gitLab.requests(FakeGitLab.AGENT_EVENTS).stream().map(GitLabRequestSeen::bodyText).collect(Collectors.joining()))
                    .contains("\"k8s_api_proxy_requests_unique_users_via_ci_access\":[{\"project_id\":5,\"user_id\":7}]",
                            "\"k8s_api_proxy_requests_unique_users_via_pat_access\":[{\"project_id\":5,\"user_id\":8}]")
                    .containsPattern("\"register_agent_at_kas\":\\[\\{\"agent_id\":42,\"project_id\":7,\"agent_version\":\"v[^\"]+\","
                            + "\"architecture\":\"amd64\",\"kubernetes_version\":\"v1.30.0\"\\}\\]");
        }
    }

    private Program start(int port, FakeKubernetes cluster) throws Exception {
        Path token = Files.writeString(directory.resolve("token"), "token");
        return Program.run(List.of(System.getenv("AGENTK_BIN"), "--kas-address=grpc://127.0.0.1:" + port, "--token-file=" + token,
                "--kubeconfig=" + cluster.kubeconfig(directory.resolve("kubeconfig")), "--cache-dir=" + directory.resolve("cache"),
                "--observability-listen-address=127.0.0.1:" + FreePorts.some(1).getFirst()),
                Map.of("POD_NAMESPACE", "gitlab-agent", "POD_NAME", "stock", "SERVICE_ACCOUNT_NAME", "gitlab-agent"));
    }
}
