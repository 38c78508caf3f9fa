package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.grpc.ManagedChannel;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.grpc.CallOptions;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.common.AgentType;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.grpctool.HttpResponse;
import org.openkas.proto.kubernetesapi.KubernetesApiGrpc;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeKubernetes;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.Program;
import org.openkas.testkit.SimulatedAgent;
import org.openkas.testkit.SimulatedTunnels;
import org.openkas.testkit.TestRepository;

/** Agents that come with plain gRPC through an nginx, as GitLab's Linux package sets it up since 18.7. Skipped without nginx. */
@Timeout(120)
class BehindNginxIT {
    private static final String CERTIFICATES = "src/test/resources/testkit/";

    @TempDir
    Path directory;

    /** A server with agent 3 of token {@code secret-a}, and nginx in front of it. */
    private record Site(TestRepository repository, RunningServer running, Program nginx, int port) implements AutoCloseable {
        @Override
        public void close() {
            nginx.close();
            running.close();
            repository.close();
        }
    }

    private Site site() throws Exception {
        Optional<Path> nginx = Stream.of("/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/bin/nginx").map(Path::of)
                .filter(Files::isExecutable)
                .findFirst();
        assumeTrue(nginx.isPresent(), "needs nginx (Debian: nginx-core)");
        TestRepository repository = TestRepository.create(directory.resolve("repository"));
        repository.commit("main", Map.of(".gitlab/agents/a/config.yaml", "{}\n"));
        Path agents = Files.writeString(directory.resolve("agents.yaml"),
                "agents: [{name: a, id: 3, token: secret-a, repository: %s}]".formatted(repository.directory()));
        RunningServer running = RunningServer.standalone(directory, agents);
        int port = FreePorts.some(1).getFirst();
        Path configuration = Files.writeString(directory.resolve("nginx.conf"), """
                daemon off;
                master_process off;
                pid %1$s/nginx.pid;
                error_log stderr;
                events {}
                http {
                  access_log off;
                  client_body_temp_path %1$s/body;
                  proxy_temp_path %1$s/proxy;
                  fastcgi_temp_path %1$s/fastcgi;
                  uwsgi_temp_path %1$s/uwsgi;
                  scgi_temp_path %1$s/scgi;
                  server {
                    listen 127.0.0.1:%2$d ssl http2;
                    ssl_certificate %3$s;
                    ssl_certificate_key %4$s;
                    client_max_body_size 0;
                    location /gitlab.agent. {
                      grpc_pass grpc://127.0.0.1:%5$d;
                      grpc_read_timeout 1h;
                      grpc_send_timeout 1h;
                    }
                  }
                }
                """.formatted(directory, port, Path.of(CERTIFICATES, "server.pem").toAbsolutePath(),
                Path.of(CERTIFICATES, "server.key").toAbsolutePath(), running.server.agentListener().port()));
        Program program = Program.run(List.of(nginx.get().toString(), "-p", directory.toString(), "-c", configuration.toString()),
                Map.of());
        await().atMost(Duration.ofSeconds(20)).ignoreExceptions().until(() -> {
            new Socket("127.0.0.1", port).close();
            return true;
        });
        return new Site(repository, running, program, port);
    }

    @Test
    @DisplayName("NR-021: through location /gitlab.agent. an agent registers, gets its configuration, and serves requests")
    void simulated() throws Exception {
        try (Site site = site()) {
            ManagedChannel channel = NettyChannelBuilder.forAddress("localhost", site.port())
                    .sslContext(GrpcSslContexts.forClient().trustManager(FakeGitLab.file("ca.pem")).build()).build();
            KubernetesAgent cluster = new KubernetesAgent().atEnd(call -> call.answer(200, "through nginx"));
            try (SimulatedAgent agent = new SimulatedAgent(channel, "secret-a", "pod");
                    SimulatedTunnels tunnels = agent.tunnels(2, cluster.bindService())) {
                agent.register(1);
                assertThat(agent.configurations("").next(Duration.ofSeconds(10)).getCommitId()).isNotEmpty();
                assertThat(tunnels.openTunnels()).isEqualTo(2);
                assertThat(request(site)).contains("through nginx");
            }
        }
    }

    @Test
    @EnabledIfEnvironmentVariable(named = "AGENTK_BIN", matches = ".+", disabledReason = "AGENTK_BIN names no stock agentk")
    @DisplayName("NR-021: through location /gitlab.agent. a stock agent with grpcs:// serves requests")
    void stock() throws Exception {
        try (Site site = site(); FakeKubernetes cluster = new FakeKubernetes()) {
            Path token = Files.writeString(directory.resolve("token"), "secret-a");
            try (Program _ = Program.run(
                    List.of(System.getenv("AGENTK_BIN"), "--kas-address=grpcs://localhost:" + site.port(), "--token-file=" + token,
                            "--ca-cert-file=" + Path.of(CERTIFICATES, "ca.pem").toAbsolutePath(),
                            "--kubeconfig=" + cluster.kubeconfig(directory.resolve("kubeconfig")),
                            "--cache-dir=" + directory.resolve("cache"),
                            "--observability-listen-address=127.0.0.1:" + FreePorts.some(1).getFirst()),
                    Map.of("POD_NAMESPACE", "gitlab-agent", "POD_NAME", "stock", "SERVICE_ACCOUNT_NAME", "gitlab-agent"))) {
                assertThat(request(site)).contains("v1.30.0");
            }
        }
    }

    /** What the agent's cluster answers. */
    private static String request(Site site) throws Exception {
        CompletableFuture<String> answer = new CompletableFuture<>();
        StringBuilder body = new StringBuilder();
        StreamObserver<HttpRequest> requests = ClientCalls.asyncBidiStreamingCall(
                site.running().server.agentChannels().to(AgentType.AGENTK, 3).newCall(KubernetesApiGrpc.getMakeRequestMethod(),
                        CallOptions.DEFAULT),
                new StreamObserver<HttpResponse>() {
                    @Override
                    public void onNext(HttpResponse part) {
                        body.append(part.getData().getData().toStringUtf8());
                    }

                    @Override
                    public void onError(Throwable failure) {
                        answer.completeExceptionally(failure);
                    }

                    @Override
                    public void onCompleted() {
                        answer.complete(body.toString());
                    }
                });
        requests.onNext(HttpRequest.newBuilder().setHeader(HttpRequest.Header.newBuilder()
                .setRequest(org.openkas.proto.prototool.HttpRequest.newBuilder().setMethod("GET").setUrlPath("/version"))
                .setContentLength(0)).build());
        requests.onNext(HttpRequest.newBuilder().setTrailer(HttpRequest.Trailer.getDefaultInstance()).build());
        requests.onCompleted();
        return answer.get(30, TimeUnit.SECONDS);
    }
}
