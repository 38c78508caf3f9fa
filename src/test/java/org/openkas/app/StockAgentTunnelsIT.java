package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.common.AgentType;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.grpctool.HttpResponse;
import org.openkas.proto.kubernetesapi.KubernetesApiGrpc;
import org.openkas.proto.prototool.Values;
import org.openkas.testkit.FakeKubernetes;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.Program;
import org.openkas.testkit.TestRepository;

/** Calls through the tunnels of GitLab's own agent, which environment variable AGENTK_BIN names, to the API of its cluster. */
@EnabledIfEnvironmentVariable(named = "AGENTK_BIN", matches = ".+", disabledReason = "AGENTK_BIN names no stock agentk")
@Timeout(120)
class StockAgentTunnelsIT {
    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"grpc", "ws"})
    @DisplayName("AG-60, TC-26: a stock agent's tunnels carry requests one after the other and 50 at once, and it logs no error")
    void requests(String scheme) throws Exception {
        try (TestRepository repository = TestRepository.create(directory.resolve("repository"));
                FakeKubernetes cluster = new FakeKubernetes()) {
            repository.commit("main", Map.of(".gitlab/agents/a/config.yaml", "observability: {logging: {level: debug}}\n"));
            Path agents = Files.writeString(directory.resolve("agents.yaml"),
                    "agents: [{name: a, id: 3, token: secret-a, repository: %s}]".formatted(repository.directory()));
            try (RunningServer running = RunningServer.standalone(directory, agents);
                    Program pod = start(running.server.agentListener().port(), scheme, cluster)) {
                Channel channel = running.server.agentChannels().to(AgentType.AGENTK, 3);
                for (int i = 0; i < 10; i++) {
                    assertVersion(request(channel).get(10, TimeUnit.SECONDS));
                }
                List<CompletableFuture<List<HttpResponse>>> together = new ArrayList<>();
                for (int i = 0; i < 50; i++) {
                    together.add(request(channel));
                }
                for (CompletableFuture<List<HttpResponse>> one : together) {
                    assertVersion(one.get(20, TimeUnit.SECONDS));
                }
                await().during(Duration.ofMillis(500)).untilAsserted(() -> assertThat(pod.err())
                        .noneMatch(line -> line.contains("\"level\":\"error\"") && line.toLowerCase(Locale.ROOT).contains("connection"))
                        .noneMatch(line -> line.contains("Unimplemented")));
            }
        }
    }

    private Program start(int port, String scheme, FakeKubernetes cluster) throws Exception {
        Path token = Files.writeString(directory.resolve("token"), "secret-a");
        return Program.run(List.of(System.getenv("AGENTK_BIN"), "--kas-address=" + scheme + "://127.0.0.1:" + port, "--token-file=" + token,
                "--kubeconfig=" + cluster.kubeconfig(directory.resolve("kubeconfig")), "--cache-dir=" + directory.resolve("cache"),
                "--observability-listen-address=127.0.0.1:" + FreePorts.some(1).getFirst()),
                Map.of("POD_NAMESPACE", "gitlab-agent", "POD_NAME", "stock", "SERVICE_ACCOUNT_NAME", "gitlab-agent"));
    }

    private static void assertVersion(List<HttpResponse> answer) {
        assertThat(answer.getFirst().getHeader().getResponse().getStatusCode()).isEqualTo(200);
        StringBuilder body = new StringBuilder();
        answer.forEach(part -> body.append(part.getData().getData().toStringUtf8()));
        assertThat(body.toString()).contains("v1.30.0");
        assertThat(answer.getLast().hasTrailer()).isTrue();
    }

    private static CompletableFuture<List<HttpResponse>> request(Channel channel) {
        CompletableFuture<List<HttpResponse>> answer = new CompletableFuture<>();
        List<HttpResponse> parts = new ArrayList<>();
        StreamObserver<HttpRequest> requests = ClientCalls.asyncBidiStreamingCall(
                channel.newCall(KubernetesApiGrpc.getMakeRequestMethod(), CallOptions.DEFAULT), new StreamObserver<>() {
                    @Override
                    public void onNext(HttpResponse part) {
                        parts.add(part);
                    }

                    @Override
                    public void onError(Throwable failure) {
                        answer.completeExceptionally(failure);
                    }

                    @Override
                    public void onCompleted() {
                        answer.complete(parts);
                    }
                });
        requests.onNext(HttpRequest.newBuilder().setHeader(HttpRequest.Header.newBuilder()
                .setRequest(org.openkas.proto.prototool.HttpRequest.newBuilder().setMethod("GET").setUrlPath("/version")
                        .putHeader("Accept", Values.newBuilder().addValue("application/json").build()))
                .setContentLength(0)).build());
        requests.onNext(HttpRequest.newBuilder().setTrailer(HttpRequest.Trailer.getDefaultInstance()).build());
        requests.onCompleted();
        return answer;
    }
}
