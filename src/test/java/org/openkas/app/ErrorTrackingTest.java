package org.openkas.app;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.common.LogLevel;
import org.openkas.proto.agentregistrar.AgentRegistrarGrpc;
import org.openkas.proto.agentregistrar.RegisterRequest;
import org.openkas.testkit.ConfiguredAgent;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.FakeSentry;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.TestRepository;

/** What Sentry is told of the whole server's errors (chapter 05 §15), and what not. */
@Timeout(60)
class ErrorTrackingTest {
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";

    @TempDir
    Path directory;

    private RunningServer start(FakeGitLab gitLab, FakeSentry sentry) throws Exception {
        return RunningServer.withGitLab(directory, gitLab, """
                agent: {listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s}, kubernetes_api: {listen: {address: '127.0.0.1:0'}}}
                observability: {listen: {address: '127.0.0.1:0'}, sentry: {dsn: '%s', environment: testing}}
                """.formatted(sentry.dsn("topkey")));
    }

    private static String agentInfo(FakeGitaly gitaly) {
        return """
                {"project_id":7,"agent_id":42,"agent_name":"agent-42","gitaly_info":{"address":"%s","token":"t"},"gitaly_repository":{
                "storage_name":"default","relative_path":"group/project.git","gl_repository":"project-7","gl_project_path":"group/project"},
                "default_branch":"main"}""".formatted(gitaly.address());
    }

    private static FakeSentry.Envelope next(FakeSentry sentry) {
        return await().atMost(20, SECONDS).until(sentry::envelopes, found -> !found.isEmpty()).getFirst();
    }

    @Test
    @DisplayName("CO-37: an agent's file that is no YAML, and one that is not there, are nothing for Sentry")
    void mistakesOfUsers() throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19();
                FakeSentry sentry = new FakeSentry();
                FakeGitaly gitaly = FakeGitaly.onTcp();
                TestRepository repository = gitaly.repository("group/project", directory.resolve("repository"))) {
            repository.commit("main", Map.of(".gitlab/agents/agent-42/config.yaml", "a: [b\n"));
            gitLab.agent("token", agentInfo(gitaly));
            gitLab.agent("fileless", agentInfo(gitaly).replace("agent-42", "agent-43").replace(":42,", ":43,"));
            RunningServer running = start(gitLab, sentry);
            try (running) {
                ManagedChannel channel = running.channel();
                assertThat(KasServerTest.Stream.open(channel, "token", "").end.get(10, SECONDS).getCode())
                        .isEqualTo(Status.Code.FAILED_PRECONDITION);
                KasServerTest.Stream.open(channel, "fileless", "").next();
                // a report that the end of the server cuts off would be an error
                await().atMost(20, SECONDS).until(() -> gitLab.requests(FakeGitLab.AGENT_CONFIGURATION).size() == 1);
                channel.shutdownNow();
            }
            assertThat(running.log.lines("Config: failed to fetch")).extracting(line -> line.level()).containsExactlyInAnyOrder(
                    LogLevel.INFO,
                    LogLevel.WARN);
            assertThat(sentry.envelopes()).isEmpty();
        }
    }

    @Test
    @DisplayName("an error of a call is an event with its service, method, trace and text, by the server's version and environment")
    void call() throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19();
                FakeSentry sentry = new FakeSentry();
                RunningServer running = start(gitLab, sentry)) {
            gitLab.always(FakeGitLab.AGENT_INFO, request -> GitLabAnswer.status(400));
            ManagedChannel channel = running.channel();
            Metadata trace = new Metadata();
            trace.put(Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER), "00-" + TRACE + "-b7ad6b7169203331-01");
            Assertions.catchThrowable(() -> AgentRegistrarGrpc
                    .newBlockingStub(ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(trace)))
                    .withCallCredentials(ConfiguredAgent.bearer("secret-token")).register(RegisterRequest.getDefaultInstance()));
            channel.shutdownNow();
            FakeSentry.Envelope envelope = next(sentry);
            assertThat(envelope.path()).isEqualTo("/api/17/envelope/");
            assertThat(envelope.headers()).containsEntry("content-type", "application/x-sentry-envelope");
            assertThat(envelope.headers().get("x-sentry-auth")).startsWith("Sentry sentry_version=7, ").endsWith("sentry_key=topkey");
            JsonNode event = envelope.event();
            assertThat(event.path("event_id").asText()).matches("[0-9a-f]{32}").isEqualTo(envelope.head().path("event_id").asText());
            assertThat(event.path("level").asText()).isEqualTo("error");
            assertThat(event.path("release").asText()).isEqualTo("v0.0.0");
            assertThat(event.path("environment").asText()).isEqualTo("testing");
            assertThat(event.path("user").toString()).isEqualTo("{}");
            String service = "gitlab.agent.agent_registrar.rpc.AgentRegistrar";
            assertThat(event.path("transaction").asText()).isEqualTo(service + "::Register");
            assertThat(event.path("fingerprint").toString()).isEqualTo("[\"{{ default }}\",\"grpc\",\"" + service + "::Register\"]");
            assertThat(event.path("tags").toString()).isEqualTo("{\"grpc.method\":\"Register\",\"grpc.service\":\"" + service
                    + "\",\"trace_id\":\"" + TRACE + "\",\"trace_sampled\":\"true\"}");
            assertThat(event.path("exception").toString()).isEqualTo("[{\"type\":\"org.openkas.gitlab.GitLabException\",\"value\":"
                    + "\"GetAgentInfo(): HTTP status code: 400 for path /api/v4/internal/agents/agentk/agent_info\"}]");
            assertThat(envelope.event().toString()).doesNotContain("secret-token");
        }
    }

    @Test
    @DisplayName("an error of a request to a cluster is an event about its agent; refusals are none; nobody is told the DSN's key")
    void kubernetesApi() throws Exception {
        RunningServer started;
        try (FakeGitLab gitLab = FakeGitLab.release19();
                FakeSentry sentry = new FakeSentry();
                RunningServer running = start(gitLab, sentry)) {
            started = running;
            gitLab.always("/job/allowed_agents", request -> GitLabAnswer.status(request.header("Job-Token").equals("no") ? 401 : 400));
            for (String token : List.of("no", "broken")) {
                try (RawPeer peer = ask(running, token)) {
                    assertThat(peer.readHead()).startsWith(token.equals("no") ? "HTTP/1.1 401 " : "HTTP/1.1 500 ");
                }
            }
            JsonNode event = next(sentry).event();
            assertThat(event.path("user").path("id").asText()).isEqualTo("42");
            assertThat(event.has("transaction")).isFalse();
            assertThat(event.has("fingerprint")).isFalse();
            assertThat(event.path("tags").toString()).isEqualTo("{}");
            assertThat(event.path("exception").get(0).path("value").asText())
                    .isEqualTo("Failed to get allowed agents for CI job token: HTTP status code: 400 for path /api/v4/job/allowed_agents");
            sentry.stop();
            try (RawPeer peer = ask(running, "another")) {
                assertThat(peer.readHead()).startsWith("HTTP/1.1 500 ");
            }
            assertThat(await().atMost(20, SECONDS).until(() -> running.log.lines("Errors did not reach Sentry"), lines -> !lines.isEmpty()))
                    .singleElement().satisfies(line -> assertThat(line.level()).isEqualTo(LogLevel.WARN));
            assertThat(sentry.envelopes()).hasSize(1);
        }
        assertThat(started.log.lines().toString()).doesNotContain("topkey");
    }

    private static RawPeer ask(RunningServer running, String token) throws IOException {
        RawPeer peer = RawPeer.plain(running.server.kubernetesApiListener().orElseThrow().port());
        peer.send("GET /api HTTP/1.1\r\nHost: kas.test\r\nAuthorization: Bearer ci:42:" + token + "\r\n\r\n");
        return peer;
    }
}
