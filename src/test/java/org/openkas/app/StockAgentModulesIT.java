package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.FluxCluster;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.GitLabRequestSeen;
import org.openkas.testkit.Program;
import org.openkas.testkit.Rails;
import org.openkas.testkit.TestRepository;

/** What modules of GitLab's own agent, which environment variable AGENTK_BIN names, ask the server for. */
@EnabledIfEnvironmentVariable(named = "AGENTK_BIN", matches = ".+", disabledReason = "AGENTK_BIN names no stock agentk")
@Timeout(180)
class StockAgentModulesIT {
    private static final String RECONCILE = "/internal/kubernetes/modules/remote_development/reconcile";

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"grpc", "ws"})
    @DisplayName("AG-52, AG-59: a stock agent's workspaces module reaches GitLab, and a push reaches Flux in its cluster, again and again")
    void modules(String scheme) throws Exception {
        int api = FreePorts.some(1).getFirst();
        try (FakeGitLab gitLab = FakeGitLab.release19();
                FakeGitaly gitaly = FakeGitaly.onTcp();
                TestRepository repository = gitaly.repository("group/project", directory.resolve("repository"));
                FluxCluster cluster = new FluxCluster("g/p");
                Rails rails = new Rails(api, FakeGitLab.SECRET)) {
            repository.commit("main", Map.of(".gitlab/agents/a/config.yaml", """
                    observability: {logging: {level: debug}}
                    flux: {webhook_receiver_url: "%s"}
                    remote_development: {enabled: true, dns_zone: workspaces.example}
                    """.formatted(cluster.webhooks())));
            gitLab.agent("secret-a", """
                    {"project_id":7,"agent_id":42,"agent_name":"a","gitaly_info":{"address":"%s","token":"t"},"gitaly_repository":{
                    "storage_name":"default","relative_path":"group/project.git","gl_repository":"project-7",
                    "gl_project_path":"group/project"},"default_branch":"main"}""".formatted(gitaly.address()));
            gitLab.always(RECONCILE, request -> GitLabAnswer.json(201, "{\"workspace_rails_infos\":[]}"));
            gitLab.always("/internal/kubernetes/verify_project_access", request -> GitLabAnswer.status(204));
            try (RunningServer running = RunningServer.withGitLab(directory, gitLab,
                    "agent: {listen: {address: '127.0.0.1:0', websocket: true, listen_grace_period: 0.01s}}", "127.0.0.1:" + api);
                    Program pod = start(running.server.agentListener().port(), scheme, cluster)) {
                Duration patience = Duration.ofSeconds(60);
                await().atMost(patience).until(() -> !gitLab.requests(RECONCILE).isEmpty());
                GitLabRequestSeen seen = gitLab.requests(RECONCILE).getFirst();
                assertThat(seen.method()).isEqualTo("POST");
                assertThat(seen.bodyText()).startsWith("{\"update_type\":\"full\"");
                assertThat(seen.header("Content-Type")).isEqualTo("application/json");
                assertThat(seen.header("Gitlab-Agent-Api-Request")).isEqualTo("secret-a");

                await().atMost(patience).until(() -> !running.log.lines("Started reconcile projects ...").isEmpty());
                rails.pushed(3, "g/other");
                for (int pushes = 1; pushes <= 3; pushes++) {
                    int expected = pushes;
                    rails.pushed(1, "g/p");
                    await().atMost(patience).until(() -> cluster.triggers().size() == expected);
                }
                // the module asks again and again, so what it got was good
                await().atMost(patience).until(() -> gitLab.requests(RECONCILE).size() > 1);
                assertThat(gitLab.requests(RECONCILE).getLast().bodyText()).startsWith("{\"update_type\":\"partial\"");
                assertThat(pod.err()).noneMatch(line -> line.contains("\"level\":\"error\"") && line.contains("flux"))
                        .noneMatch(line -> line.contains("remote_development") && line.contains("\"level\":\"error\""));
            }
        }
    }

    private Program start(int port, String scheme, FluxCluster cluster) throws Exception {
        Path token = Files.writeString(directory.resolve("token"), "secret-a");
        return Program.run(List.of(System.getenv("AGENTK_BIN"), "--kas-address=" + scheme + "://127.0.0.1:" + port, "--token-file=" + token,
                "--kubeconfig=" + cluster.kubeconfig(directory.resolve("kubeconfig")), "--cache-dir=" + directory.resolve("cache"),
                "--observability-listen-address=127.0.0.1:" + FreePorts.some(1).getFirst()),
                Map.of("POD_NAMESPACE", "gitlab-agent", "POD_NAME", "stock", "SERVICE_ACCOUNT_NAME", "gitlab-agent"));
    }
}
