package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
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

/**
 * Watches on one WebSocket, of the JDK's client, through GitLab's own agent, which environment variable AGENTK_BIN names, to a
 * demo cluster.
 */
@EnabledIfEnvironmentVariable(named = "AGENTK_BIN", matches = ".+", disabledReason = "AGENTK_BIN names no stock agentk")
@Timeout(180)
class StockAgentWatchIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CREDENTIAL = "Bearer pat:3:a-token-of-a-user";

    @TempDir
    Path directory;

    /** What the server says. */
    private static final class Heard implements WebSocket.Listener {
        private final List<JsonNode> messages = new CopyOnWriteArrayList<>();
        private final StringBuilder begun = new StringBuilder();

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
            begun.append(part);
            if (last) {
                try {
                    messages.add(JSON.readTree(begun.toString()));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                begun.setLength(0);
            }
            socket.request(1);
            return null;
        }

        private boolean told(String id, String type, String name) {
            return messages.stream().anyMatch(message -> message.path("watchId").asText().equals(id)
                    && message.path("watchEvent").path("type").asText().equals(type)
                    && message.path("watchEvent").path("object").path("metadata").path("name").asText().startsWith(name));
        }
    }

    @Test
    @DisplayName("NR-035, NR-036, NR-041, NR-044, NR-045 through a stock agent: token, watches, a refusal, the end")
    void watches() throws Exception {
        Path secret = Files.writeString(directory.resolve("websocket-secret"), Base64.getEncoder().encodeToString(new byte[72]));
        ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
        try (SystemTimers timers = new SystemTimers(executor);
                DemoCluster cluster = DemoCluster.start(timers, RandomGenerator.getDefault());
                TestRepository repository = TestRepository.create(directory.resolve("repository"))) {
            repository.commit("main", Map.of(".gitlab/agents/a/config.yaml", "{}\n"));
            Path agents = Files.writeString(directory.resolve("agents.yaml"), """
                    agents: [{name: a, id: 3, token: secret-a, repository: %s}]
                    users: [{name: u, token: a-token-of-a-user, agents: [a], access_as: {agent: {}}}]
                    """.formatted(repository.directory()));
            try (RunningServer running = RunningServer.standalone(directory, agents,
                    ", kubernetes_api: {listen: {address: '127.0.0.1:0'}, websocket_token_secret_file: " + secret + "}");
                    Program pod = agent(running, cluster);
                    HttpClient client = HttpClient.newHttpClient()) {
                String place = "://" + running.server.kubernetesApiListener().orElseThrow().address();
                HttpResponse<String> answer = client.send(
                        HttpRequest.newBuilder(URI.create("http" + place + "/watch?kas-websocket-token-request=true"))
                                .header("Authorization", CREDENTIAL).build(),
                        HttpResponse.BodyHandlers.ofString());
                String token = JSON.readTree(answer.body()).path("token").asText();
                Heard heard = new Heard();
                WebSocket socket = client.newWebSocketBuilder()
                        .subprotocols("gitlab-agent-watch-api", "websocket-token.kas.gitlab.com." + token)
                        .buildAsync(URI.create("ws" + place + "/watch"), heard).get(30, TimeUnit.SECONDS);
                assertThat(socket.getSubprotocol()).isEqualTo("gitlab-agent-watch-api");
                say(socket, "pods", "\"version\":\"v1\",\"resource\":\"pods\",\"namespace\":\"default\"");
                say(socket, "all", "\"group\":\"apps\",\"version\":\"v1\",\"resource\":\"deployments\"");
                say(socket, "nothing", "\"group\":\"example.com\",\"version\":\"v1\",\"resource\":\"things\"");
                await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
                    assertThat(heard.told("pods", "ADDED", "clock")).as("%s", pod.err()).isTrue();
                    assertThat(heard.told("all", "ADDED", "hello")).isTrue();
                    assertThat(heard.messages).anySatisfy(message -> {
                        assertThat(message.path("type").asText()).isEqualTo("error");
                        assertThat(message.path("watchId").asText()).isEqualTo("nothing");
                    });
                });
                // visitors come and go in the demo
                await().atMost(Duration.ofSeconds(90)).until(() -> heard.told("pods", "DELETED", "visitor"));
                assertThat(heard.messages).filteredOn(message -> message.path("watchEvent").path("type").asText().equals("ADDED"))
                        .extracting(message -> message.path("watchId").asText() + message.path("watchEvent").path("object").path("metadata")
                                .path("uid").asText())
                        .doesNotHaveDuplicates();
                socket.sendClose(WebSocket.NORMAL_CLOSURE, "").get(10, TimeUnit.SECONDS);
                await().atMost(Duration.ofSeconds(5)).until(socket::isInputClosed);
                assertThat(running.log.lines().toString()).doesNotContain(token);
            }
        } finally {
            executor.shutdownNow();
        }
    }

    private static void say(WebSocket socket, String id, String parameters) throws Exception {
        socket.sendText("{\"type\":\"watch\",\"watch_id\":\"" + id + "\",\"watch_params\":{" + parameters + "}}", true)
                .get(10, TimeUnit.SECONDS);
    }

    private Program agent(RunningServer running, DemoCluster cluster) throws Exception {
        Path token = Files.writeString(directory.resolve("token"), "secret-a");
        Path kubeconfig = Files.writeString(directory.resolve("kubeconfig"), """
                apiVersion: v1
                kind: Config
                clusters: [{name: demo, cluster: {server: "%s"}}]
                users: [{name: demo, user: {token: a-service-account-token}}]
                contexts: [{name: demo, context: {cluster: demo, user: demo, namespace: gitlab-agent}}]
                current-context: demo
                """.formatted(cluster.uri()));
        return Program.run(List.of(System.getenv("AGENTK_BIN"), "--kas-address=grpc://" + running.server.agentListener().address(),
                "--token-file=" + token, "--kubeconfig=" + kubeconfig, "--cache-dir=" + directory.resolve("cache"),
                "--observability-listen-address=127.0.0.1:" + FreePorts.some(1).getFirst()),
                Map.of("POD_NAMESPACE", "gitlab-agent", "POD_NAME", "stock", "SERVICE_ACCOUNT_NAME", "gitlab-agent"));
    }
}
