package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.common.SystemTimers;
import org.openkas.demo.DemoCluster;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.Program;
import org.openkas.testkit.TestRepository;

/** GitLab's own agent, which environment variable AGENTK_BIN names, applies manifests from the server to a demo cluster. */
@EnabledIfEnvironmentVariable(named = "AGENTK_BIN", matches = ".+", disabledReason = "AGENTK_BIN names no stock agentk")
@Timeout(180)
class StockAgentManifestsIT {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String CONFIGURATION = """
            gitops: {manifest_projects: [{default_namespace: default, paths: [{glob: 'manifests/**/*.yaml'}]}]}
            observability: {logging: {level: debug}}
            """;

    @TempDir
    Path directory;

    private static String configMap(String name, String value) {
        return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {key: %s}\n".formatted(name, value);
    }

    @Test
    @DisplayName("AG-40, AG-49: a stock agent applies a ConfigMap, changes it with the next commit and removes it with the last")
    void applies() throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
                SystemTimers timers = new SystemTimers(threads);
                DemoCluster cluster = DemoCluster.start(timers, new Random(1));
                TestRepository repository = TestRepository.create(directory.resolve("repository"))) {
            repository.commit("main", Map.of(".gitlab/agents/a/config.yaml", CONFIGURATION, "manifests/one.yaml", configMap("one", "1"),
                    "manifests/two.yaml", configMap("two", "2")));
            Path agents = Files.writeString(directory.resolve("agents.yaml"),
                    "agents: [{name: a, id: 3, token: secret-a, project: group/a, repository: %s}]".formatted(repository.directory()));
            try (RunningServer running = RunningServer.standalone(directory, agents);
                    Program pod = start(running.server.agentListener().port(), cluster)) {
                try {
                    await().atMost(SOON).untilAsserted(() -> assertThat(value(cluster, "one")).isEqualTo("1"));
                    await().atMost(SOON).untilAsserted(() -> assertThat(value(cluster, "two")).isEqualTo("2"));
                    repository.commit("main", Map.of("manifests/one.yaml", configMap("one", "11")));
                    await().atMost(SOON).untilAsserted(() -> assertThat(value(cluster, "one")).isEqualTo("11"));
                    repository.commit("main", new TestRepository.Change().remove("manifests/two.yaml"));
                    await().atMost(SOON).untilAsserted(() -> assertThat(value(cluster, "two")).isEqualTo("none"));
                } catch (org.awaitility.core.ConditionTimeoutException e) {
                    throw new AssertionError(
                            "the agent's log:\n" + String.join("\n", pod.err()) + "\nthe server's:\n" + running.log.lines(), e);
                }
                assertThat(running.log.lines("GitOps: fetched files")).hasSizeGreaterThanOrEqualTo(3);
                assertThat(pod.err()).noneMatch(line -> line.contains("GetObjectsToSynchronize") && line.contains("\"level\":\"error\""));
            }
        }
    }

    private Program start(int port, DemoCluster cluster) throws Exception {
        Path token = Files.writeString(directory.resolve("token"), "secret-a");
        Path kubeconfig = Files.writeString(directory.resolve("kubeconfig"), """
                apiVersion: v1
                kind: Config
                clusters: [{name: demo, cluster: {server: "%s"}}]
                users: [{name: demo, user: {token: a-service-account-token}}]
                contexts: [{name: demo, context: {cluster: demo, user: demo, namespace: default}}]
                current-context: demo
                """.formatted(cluster.uri()));
        return Program.run(List.of(System.getenv("AGENTK_BIN"), "--kas-address=grpc://127.0.0.1:" + port, "--token-file=" + token,
                "--kubeconfig=" + kubeconfig, "--cache-dir=" + directory.resolve("cache"),
                "--observability-listen-address=127.0.0.1:" + FreePorts.some(1).getFirst()),
                Map.of("POD_NAMESPACE", "default", "POD_NAME", "stock", "SERVICE_ACCOUNT_NAME", "gitlab-agent"));
    }

    /** What stands in a ConfigMap, or {@code none}. */
    private static String value(DemoCluster cluster, String name) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> answer = client.send(
                    HttpRequest.newBuilder(URI.create(cluster.uri() + "/api/v1/namespaces/default/configmaps/" + name)).build(),
                    HttpResponse.BodyHandlers.ofString());
            JsonNode body = new ObjectMapper().readTree(answer.body());
            return answer.statusCode() == 404 ? "none" : body.path("data").path("key").asText();
        }
    }
}
