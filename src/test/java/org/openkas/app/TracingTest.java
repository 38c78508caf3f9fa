package org.openkas.app;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.auth0.jwt.algorithms.Algorithm;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.common.LogLevel;
import org.openkas.proto.agentregistrar.AgentRegistrarGrpc;
import org.openkas.proto.agentregistrar.RegisterRequest;
import org.openkas.proto.agenttracker.AgentTrackerGrpc;
import org.openkas.proto.agenttracker.GetConnectedAgentsRequest;
import org.openkas.testkit.ConfiguredAgent;
import org.openkas.testkit.FakeCollector;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.Rails;
import org.openkas.testkit.RailsTokens;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.SimulatedAgent;
import org.openkas.testkit.SimulatedTunnels;
import org.openkas.testkit.TestRepository;

/** Traces of the whole server: whose they continue, whom they tell, what the collector gets (chapter 05 §14). */
@Timeout(60)
class TracingTest {
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String PARENT = "b7ad6b7169203331";
    private static final String TRACEPARENT = "00-" + TRACE + "-" + PARENT + "-01";
    private static final String REGISTER = "gitlab.agent.agent_registrar.rpc.AgentRegistrar/Register";
    private static final String AGENT = "agent: {listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s},"
            + " kubernetes_api: {listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s}}}\n";

    @TempDir
    Path directory;

    private int api;

    private RunningServer start(FakeGitLab gitLab, Optional<String> tracing) throws Exception {
        api = FreePorts.some(1).getFirst();
        String section = tracing.map(text -> "observability: {listen: {address: '127.0.0.1:0'}, tracing: {" + text + "}}\n").orElse("");
        return RunningServer.withGitLab(directory, gitLab, AGENT + section, "127.0.0.1:" + api);
    }

    private RunningServer start(FakeGitLab gitLab, FakeCollector collector) throws Exception {
        return start(gitLab, Optional.of("otlp_endpoint: '" + collector.address() + "/otlp/here?x=1'"));
    }

    private static Channel with(Channel channel, String... headers) {
        Metadata metadata = new Metadata();
        for (int i = 0; i < headers.length; i += 2) {
            metadata.put(Metadata.Key.of(headers[i], Metadata.ASCII_STRING_MARSHALLER), headers[i + 1]);
        }
        return ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(metadata));
    }

    private static void register(Channel channel, String token) {
        AgentRegistrarGrpc.newBlockingStub(channel).withCallCredentials(ConfiguredAgent.bearer(token))
                .register(RegisterRequest.newBuilder().setPodId(5).build());
    }

    private static FakeCollector.Span span(FakeCollector collector, String name) {
        return await().atMost(20, SECONDS).until(() -> collector.spans(name), found -> !found.isEmpty()).getFirst();
    }

    @Test
    @DisplayName("CO-53: without tracing GitLab is told of no trace, and only agents' lines name their callers' traces")
    void off() throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19(); RunningServer running = start(gitLab, Optional.empty())) {
            ManagedChannel channel = running.channel();
            Assertions.catchThrowable(() -> register(with(channel, "traceparent", TRACEPARENT, "baggage", "k=v"), "unknown"));
            gitLab.always(FakeGitLab.AGENT_INFO, request -> GitLabAnswer.status(400));
            Assertions.catchThrowable(() -> register(with(channel, "traceparent", TRACEPARENT), "other"));
            channel.shutdownNow();
            assertThat(gitLab.requests()).isNotEmpty().allSatisfy(
                    request -> assertThat(request.headers().keySet()).doesNotContain("traceparent", "tracestate", "baggage"));
            assertThat(running.log.lines("GetAgentInfo()")).isNotEmpty()
                    .allSatisfy(line -> assertThat(line.fields().get("trace_id")).hasToString(TRACE));
            refusedByRails();
            assertThat(running.log.lines("JWT validation failed")).singleElement()
                    .satisfies(line -> assertThat(line.fields()).doesNotContainKey("trace_id"));
        }
    }

    private void refusedByRails() {
        try (Rails rails = new Rails(api, FakeGitLab.SECRET)) {
            Channel forged = with(rails.with(RailsTokens.claims(Instant.now()).sign(Algorithm.HMAC256("x".repeat(32)))), "traceparent",
                    TRACEPARENT);
            assertThat(Assertions.catchThrowable(() -> connected(forged))).isInstanceOf(StatusRuntimeException.class);
        }
    }

    private static void connected(Channel channel) {
        AgentTrackerGrpc.newBlockingStub(channel).getConnectedAgents(GetConnectedAgentsRequest.newBuilder().setAgentId(42).build());
    }

    @Test
    @DisplayName("CO-53: with tracing, lines of a call by Rails have its trace's id, and the call is a span of that trace")
    void railsTrace() throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19(); FakeCollector collector = new FakeCollector()) {
            try (RunningServer running = start(gitLab, collector)) {
                refusedByRails();
                assertThat(running.log.lines("JWT validation failed")).singleElement()
                        .satisfies(line -> assertThat(line.fields().get("trace_id")).hasToString(TRACE));
            }
            FakeCollector.Span call = span(collector, "gitlab.agent.agent_tracker.rpc.AgentTracker/GetConnectedAgents");
            assertThat(call.trace()).isEqualTo(TRACE);
            assertThat(call.parent()).isEqualTo(PARENT);
            assertThat(call.kind()).isEqualTo(2);
            assertThat(call.status()).isEqualTo(2);
            assertThat(call.attributes()).containsEntry("rpc.system", "grpc").containsEntry("rpc.grpc.status_code", 16L)
                    .containsEntry("rpc.service", "gitlab.agent.agent_tracker.rpc.AgentTracker")
                    .containsEntry("rpc.method", "GetConnectedAgents");
        }
    }

    @Test
    @DisplayName("GB-06: a look-up in GitLab for an agent's call is part of the agent's trace; the agent's baggage goes nowhere")
    void agentTrace() throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19(); FakeCollector collector = new FakeCollector()) {
            gitLab.agent("token", 42, 7, "group/project");
            try (RunningServer running = start(gitLab, collector)) {
                ManagedChannel channel = running.channel();
                register(with(channel, "traceparent", TRACEPARENT, "tracestate", "v=1", "baggage", "k=v"), "token");
                channel.shutdownNow();
            }
            FakeCollector.Span call = span(collector, REGISTER);
            FakeCollector.Span lookUp = span(collector, "HTTP GET");
            assertThat(call.trace()).isEqualTo(TRACE);
            assertThat(call.parent()).isEqualTo(PARENT);
            assertThat(call.state()).isEqualTo("v=1");
            assertThat(call.attributes()).containsEntry("agent_id", 42L).containsEntry("rpc.grpc.status_code", 0L);
            assertThat(call.events()).extracting(event -> event.attributes().get("message.type")).containsExactly("RECEIVED", "SENT");
            assertThat(lookUp.parent()).isEqualTo(call.id());
            assertThat(lookUp.kind()).isEqualTo(3);
            assertThat(lookUp.attributes()).containsEntry("http.method", "GET").containsEntry("http.status_code", 200L)
                    .containsEntry("http.url", gitLab.address() + "/api/v4" + FakeGitLab.AGENT_INFO)
                    .containsEntry("net.peer.name", "127.0.0.1");
            assertThat(gitLab.requests(FakeGitLab.AGENT_INFO)).singleElement().satisfies(request -> {
                assertThat(request.header("traceparent")).isEqualTo("00-" + TRACE + "-" + lookUp.id() + "-01");
                assertThat(request.header("tracestate")).isEqualTo("v=1");
                assertThat(request.headers()).doesNotContainKey("baggage");
            });
            assertThat(collector.spans().toString()).doesNotContain("token");
        }
    }

    @Test
    @DisplayName("the first look at the repository is part of the agent's trace, and Gitaly is told; a caller who keeps no trace is obeyed")
    void gitaly() throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19();
                FakeCollector collector = new FakeCollector();
                FakeGitaly gitaly = FakeGitaly.onTcp();
                TestRepository repository = gitaly.repository("group/project", directory.resolve("repository"))) {
            repository.commit("main", Map.of(".gitlab/agents/agent-42/config.yaml", ""));
            String agentInfo = """
                    {"project_id":7,"agent_id":42,"agent_name":"agent-42","gitaly_info":{"address":"%s","token":"t"},"gitaly_repository":{
                    "storage_name":"default","relative_path":"group/project.git","gl_repository":"project-7","gl_project_path":"group/project"},
                    "default_branch":"main"}"""
                    .formatted(gitaly.address());
            gitLab.agent("token", agentInfo);
            gitLab.agent("another", agentInfo.replace(":42,", ":43,"));
            try (RunningServer running = start(gitLab, collector)) {
                ManagedChannel channel = running.channel();
                register(with(channel, "traceparent", "00-" + "7".repeat(32) + "-" + PARENT + "-00"), "token");
                KasServerTest.Stream stream = KasServerTest.Stream.open(channel, "token", "");
                stream.next();
                KasServerTest.Stream.open(channel, "another", "").next();
                await().atMost(20, SECONDS).until(() -> gitLab.requests(FakeGitLab.AGENT_CONFIGURATION).size() == 2);
                repository.commit("main", Map.of(".gitlab/agents/agent-42/config.yaml", "observability: {}"));
                try (Rails rails = new Rails(api, FakeGitLab.SECRET)) {
                    rails.pushed(7, "group/project");
                }
                await().atMost(20, SECONDS).until(() -> gitLab.requests(FakeGitLab.AGENT_CONFIGURATION).size() == 4);
                channel.shutdownNow();
                assertThat(stream.end.get(10, SECONDS).isOk()).isFalse();
            }
            List<FakeCollector.Span> streams = collector.spans("gitlab.agent.agent_configuration.rpc.AgentConfiguration/GetConfiguration");
            assertThat(streams).hasSize(2).allSatisfy(each -> assertThat(each.parent()).isEmpty());
            FakeCollector.Span stream = streams.stream().filter(each -> each.attributes().get("agent_id").equals(42L)).findFirst()
                    .orElseThrow();
            FakeCollector.Span refs = span(collector, "gitaly.SmartHTTPService/InfoRefsUploadPack");
            assertThat(refs.trace()).isEqualTo(stream.trace());
            assertThat(refs.kind()).isEqualTo(3);
            assertThat(refs.attributes()).containsEntry("rpc.service", "gitaly.SmartHTTPService");
            // who has found the ref does not listen to the end
            assertThat(refs.attributes().get("rpc.grpc.status_code")).isIn(0L, 1L);
            assertThat(collector.spans("HTTP POST")).as("what GitLab is told of the configurations")
                    .filteredOn(each -> String.valueOf(each.attributes().get("http.url")).endsWith(FakeGitLab.AGENT_CONFIGURATION))
                    .extracting(FakeCollector.Span::trace)
                    .containsExactlyInAnyOrderElementsOf(
                            streams.stream().flatMap(each -> Stream.of(each.trace(), each.trace())).toList());
            assertThat(collector.spans()).extracting(FakeCollector.Span::trace).doesNotContain("7".repeat(32));
        }
    }

    @Test
    @DisplayName("CO-54: batches are posted to the endpoint's path, with the token, by and about gitlab-kas; what waits is sent at the end")
    void collector() throws Exception {
        Path token = Files.writeString(directory.resolve("token"), "glpat-abc\n");
        try (FakeGitLab gitLab = FakeGitLab.release19(); FakeCollector collector = new FakeCollector()) {
            gitLab.agent("token", 42, 7, "group/project");
            try (RunningServer running = start(gitLab,
                    Optional.of("otlp_endpoint: '" + collector.address() + "/otlp/here?x=1', otlp_token_secret_file: " + token))) {
                ManagedChannel channel = running.channel();
                register(channel, "token");
                channel.shutdownNow();
            }
            assertThat(collector.spans(REGISTER)).as("sent before the end").hasSize(1);
            assertThat(collector.posts()).isNotEmpty().allSatisfy(post -> {
                assertThat(post.path()).isEqualTo("/otlp/here");
                assertThat(post.headers()).containsEntry("private-token", "glpat-abc").doesNotContainKey("authorization")
                        .containsEntry("content-type", "application/x-protobuf");
            });
            assertThat(collector.resources().getFirst()).containsEntry("service.name", "gitlab-kas")
                    .containsEntry("service.version", "v0.0.0").containsEntry("telemetry.sdk.name", "opentelemetry");
        }
    }

    @Test
    @DisplayName("another token is a bearer token")
    void bearer() throws Exception {
        Path token = Files.writeString(directory.resolve("token"), "secret");
        try (FakeGitLab gitLab = FakeGitLab.release19(); FakeCollector collector = new FakeCollector()) {
            try (RunningServer running = start(gitLab,
                    Optional.of("otlp_endpoint: '" + collector.address() + "', otlp_token_secret_file: " + token))) {
                assertThat(running.log.lines("API endpoint is up")).hasSize(1);
                refusedByRails();
            }
            assertThat(collector.posts()).isNotEmpty().allSatisfy(post -> {
                assertThat(post.path()).isEqualTo("/v1/traces");
                assertThat(post.headers()).containsEntry("authorization", "Bearer secret").doesNotContainKey("private-token");
            });
        }
    }

    @Test
    @DisplayName("authorities of the collector that cannot be read end the start, in the reference's words")
    void noAuthorities() throws Exception {
        Path empty = Files.writeString(directory.resolve("empty.pem"), "");
        try (FakeGitLab gitLab = FakeGitLab.release19()) {
            Map.of("/none", "CA certificate file: open /none: no such file or directory", empty.toString(),
                    "AppendCertsFromPEM(" + empty + ") failed").forEach((file, text) -> Assertions
                            .assertThatThrownBy(() -> start(gitLab,
                                    Optional.of("otlp_endpoint: 'https://127.0.0.1:1', otlp_ca_certificate_file: " + file)))
                            .isInstanceOf(StartException.class).hasMessage(text));
        }
    }

    @Test
    @DisplayName("a collector that is not there is a line at warn, and nothing else")
    void noCollector() throws Exception {
        int port = FreePorts.some(1).getFirst();
        try (FakeGitLab gitLab = FakeGitLab.release19()) {
            try (RunningServer running = start(gitLab, Optional.of("otlp_endpoint: 'http://127.0.0.1:" + port + "'"))) {
                refusedByRails();
                assertThat(await().atMost(40, SECONDS).until(() -> running.log.lines("OpenTelemetry error"), lines -> !lines.isEmpty()))
                        .allSatisfy(line -> {
                            assertThat(line.level()).isEqualTo(LogLevel.WARN);
                            assertThat(line.fields().get("error")).asString().startsWith("Failed to export ");
                        });
                refusedByRails();
            }
        }
    }

    private static RawPeer ask(RunningServer running, String... lines) throws IOException {
        RawPeer peer = RawPeer.plain(running.server.kubernetesApiListener().orElseThrow().port());
        peer.send("GET /api?x=1 HTTP/1.1\r\nHost: kas.test:80\r\nUser-Agent: q\r\ntraceparent: " + TRACEPARENT + "\r\n"
                + String.join("\r\n", lines) + "\r\n\r\n");
        return peer;
    }

    private static String body(RawPeer peer, String status) throws IOException {
        String head = peer.readHead();
        assertThat(head).startsWith("HTTP/1.1 " + status + " ");
        int length = head.lines().filter(line -> line.startsWith("Content-Length: ")).map(line -> Integer.parseInt(line.substring(16)))
                .findFirst().orElse(0);
        return peer.readText(length);
    }

    @Test
    @DisplayName("KP-56: with tracing each Status ends in a trace's id that is not the client's; the client's goes to the agent unchanged")
    void kubernetesApi() throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19(); FakeCollector collector = new FakeCollector()) {
            gitLab.agent("token", 42, 7, "group/project");
            gitLab.always("/job/allowed_agents", request -> request.header("Job-Token").equals("bad")
                    ? GitLabAnswer.status(400)
                    : GitLabAnswer.json(200, """
                            {"allowed_agents":[{"id":42,"config_project":{"id":5}}],"job":{"id":1},
                            "pipeline":{"id":2},"project":{"id":3},"user":{"id":7,"username":"u"}}"""));
            KubernetesAgent agent = new KubernetesAgent();
            agent.atEnd(call -> call.answer(200, "", "Content-Length", "0"));
            String refused;
            String failed;
            try (RunningServer running = start(gitLab, collector)) {
                try (SimulatedAgent pod = new SimulatedAgent(running.channel(), "token", "pod");
                        SimulatedTunnels tunnels = pod.tunnels(1, agent.bindService())) {
                    assertThat(tunnels.openTunnels()).isEqualTo(1);
                    try (RawPeer peer = ask(running, "Authorization: Bearer ci:42:good")) {
                        assertThat(peer.readHead()).startsWith("HTTP/1.1 200 ");
                    }
                    assertThat(agent.next().headerValue("Traceparent")).isEqualTo(TRACEPARENT);
                }
                try (RawPeer peer = ask(running, "Accept: application/json")) {
                    refused = body(peer, "401");
                }
                try (RawPeer peer = ask(running, "Authorization: Bearer ci:42:bad", "Accept: application/json")) {
                    failed = body(peer, "500");
                }
                try (RawPeer peer = ask(running, "Accept: text/html")) {
                    assertThat(body(peer, "406")).matches("(?s).*kubernetes\\.protobuf\\. Trace ID: [0-9a-f]{32}\n");
                }
                assertThat(refused).matches("(?s).*\"message\":\"GitLab Agent Server: Unauthorized: no valid credentials provided\\."
                        + " Trace ID: [0-9a-f]{32}\".*");
                assertThat(refused).doesNotContain(TRACE);
                String id = failed.replaceFirst("(?s).*Trace ID: ([0-9a-f]{32})\".*", "$1");
                assertThat(running.log.lines("Failed to get allowed agents for CI job token")).singleElement()
                        .satisfies(line -> assertThat(line.fields().get("trace_id")).hasToString(id));
            }
            List<FakeCollector.Span> requests = collector.spans("k8s-proxy");
            assertThat(requests).hasSize(4).allSatisfy(span -> {
                assertThat(span.kind()).isEqualTo(2);
                assertThat(span.parent()).isEmpty();
                assertThat(span.trace()).isNotEqualTo(TRACE);
                assertThat(span.links()).containsExactly(new FakeCollector.Link(TRACE, PARENT));
                assertThat(span.attributes()).containsEntry("http.method", "GET").containsEntry("http.scheme", "http")
                        .containsEntry("http.flavor", "1.1").containsEntry("net.host.name", "kas.test").containsEntry("net.host.port", 80L)
                        .containsEntry("http.user_agent", "q").containsEntry("net.sock.peer.addr", "127.0.0.1");
            });
            assertThat(requests).extracting(span -> span.attributes().get("http.status_code")).containsExactlyInAnyOrder(200L, 401L, 500L,
                    406L);
            FakeCollector.Span good = requests.stream().filter(span -> span.attributes().get("http.status_code").equals(200L)).findFirst()
                    .orElseThrow();
            assertThat(good.attributes()).containsEntry("agent_id", 42L);
            FakeCollector.Span call = span(collector, "gitlab.agent.kubernetes_api.rpc.KubernetesApi/MakeRequest");
            assertThat(call.parent()).isEqualTo(good.id());
            assertThat(call.events()).extracting(FakeCollector.Event::name).containsExactly("Ready");
            FakeCollector.Span search = span(collector, "router.findReadyTunnel");
            assertThat(search.parent()).isEqualTo(call.id());
            assertThat(search.scope()).isEqualTo("tunnel-router");
            assertThat(search.status()).isEqualTo(1);
            assertThat(collector.spans("HTTP GET")).filteredOn(span -> span.trace().equals(good.trace())).singleElement()
                    .satisfies(span -> assertThat(span.parent()).isEqualTo(good.id()));
            assertThat(gitLab.requests("/job/allowed_agents")).allSatisfy(request -> assertThat(request.header("traceparent"))
                    .matches("00-[0-9a-f]{32}-[0-9a-f]{16}-01").doesNotContain(TRACE));
        }
    }
}
