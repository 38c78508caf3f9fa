package org.openkas.app;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.openkas.testkit.ModuleStream.header;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.common.LogLevel;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.grpctool.HttpResponse;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.GitLabRequestSeen;
import org.openkas.testkit.ModuleStream;
import org.openkas.testkit.RecordedLog;

/** Agents' modules ask GitLab through the whole server. */
@Timeout(60)
class ModuleRequestsOnServerTest {
    private static final String MODULES = "/internal/kubernetes/modules/";
    private static final String RECONCILE = MODULES + "remote_development/reconcile";

    @TempDir
    static Path scratch;

    private final FakeGitLab gitLab = FakeGitLab.release19();
    private RunningServer running;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws Exception {
        Path directory = Files.createTempDirectory(scratch, "server");
        running = RunningServer.withGitLab(directory, gitLab, "agent: {listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s}}");
        channel = running.channel();
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        running.close();
        gitLab.close();
    }

    private ModuleStream open() {
        return ModuleStream.open(channel, "token");
    }

    private static Status end(ModuleStream stream) throws Exception {
        return stream.end().get(20, SECONDS);
    }

    private static void assertEnds(ModuleStream stream, Status.Code code, String text) throws Exception {
        Status end = end(stream);
        assertThat(end.getCode() + " " + end.getDescription()).isEqualTo(code + " " + text);
    }

    private static List<HttpResponse.MessageCase> kinds(ModuleStream stream) {
        return stream.answers().stream().map(HttpResponse::getMessageCase).distinct().toList();
    }

    private GitLabRequestSeen only(String path) {
        assertThat(gitLab.requests(path)).hasSize(1);
        return gitLab.requests(path).getFirst();
    }

    @Test
    @DisplayName("AG-52, GB-28, GB-29: one request with the joined body, the server's credentials, and only after the agent's half-close")
    void request() throws Exception {
        gitLab.always(RECONCILE, request -> GitLabAnswer.json(201, "{\"ok\":true}").with("X-Request-Id", "abc").with("x-two", "1")
                .with("x-two", "2"));
        ModuleStream stream = open()
                .header(header("remote_development", "POST", "/reconcile", Map.of("a", "1"), "Content-Type", "application/json",
                        "authorization", "forged", "gitlab-kas-api-request", "forged", "USER-AGENT", "forged", "Host", "elsewhere",
                        "Content-Length", "999", "Transfer-Encoding", "chunked", "X-Own", "kept"))
                .data("{\"part\":").data("\"joined\"}").trailer();
        // another call of the same connection goes its whole way meanwhile, so this one was seen as well
        ModuleStream other = open().header(header("other", "GET", "/", Map.of())).trailer().halfClose();
        assertThat(end(other)).isEqualTo(Status.OK);
        assertThat(gitLab.requests(RECONCILE)).isEmpty();

        stream.halfClose();
        assertThat(end(stream)).isEqualTo(Status.OK);
        GitLabRequestSeen seen = only(RECONCILE);
        assertThat(seen.method()).isEqualTo("POST");
        assertThat(seen.query()).isEqualTo("a=1");
        assertThat(seen.bodyText()).isEqualTo("{\"part\":\"joined\"}");
        assertThat(seen.header("Content-Length")).isEqualTo("17");
        assertThat(seen.headers()).doesNotContainKey("transfer-encoding").doesNotContainKey("accept");
        assertThat(seen.header("Authorization")).isEqualTo("Bearer token");
        assertThat(seen.header("Gitlab-Agent-Api-Request")).isEqualTo("token");
        assertThat(seen.header("User-Agent")).startsWith("gitlab-kas/");
        assertThat(seen.header("Gitlab-Kas-Api-Request").split("\\.")).hasSize(3);
        assertThat(seen.header("Content-Type")).isEqualTo("application/json");
        assertThat(seen.header("Host")).isEqualTo(gitLab.address().getAuthority());
        assertThat(seen.header("X-Own")).isEqualTo("kept");
        assertThat(seen.header("Accept-Encoding")).isEqualTo("gzip");

        assertThat(kinds(stream)).containsExactly(HttpResponse.MessageCase.HEADER, HttpResponse.MessageCase.DATA,
                HttpResponse.MessageCase.TRAILER);
        assertThat(stream.answerHeader().getResponse().getStatusCode()).isEqualTo(201);
        assertThat(stream.answerHeader().getResponse().getStatus()).isEqualTo("201 Created");
        assertThat(stream.answerHeader("X-Request-Id")).containsExactly("abc");
        assertThat(stream.answerHeader("Content-Type")).containsExactly("application/json");
        assertThat(stream.answerHeader("X-Two")).containsExactly("1", "2");
        assertThat(new String(stream.body(), StandardCharsets.UTF_8)).isEqualTo("{\"ok\":true}");
    }

    @ParameterizedTest
    @CsvSource({"PUT, /, starboard_vulnerability/", "GET, /policies_configuration, starboard_vulnerability/policies_configuration",
            "DELETE, '/a b%2f?', starboard_vulnerability/a%20b%252f%3F", "get, x, starboard_vulnerabilityx"})
    @DisplayName("GB-28: any method, and paths as they are")
    void paths(String method, String path, String seen) throws Exception {
        ModuleStream stream = open().header(header("starboard_vulnerability", method, path, Map.of())).trailer().halfClose();
        assertThat(end(stream)).isEqualTo(Status.OK);
        assertThat(only(MODULES + seen).method()).isEqualTo(method);
    }

    @Test
    @DisplayName("Names and values of the query and of the module are encoded")
    void encoded() throws Exception {
        ModuleStream stream = open().header(header("a/ö", "GET", "/", Map.of("z", "1&2", "b/", "ä ~*"))).trailer().halfClose();
        assertThat(end(stream)).isEqualTo(Status.OK);
        assertThat(gitLab.requests().getFirst().path()).isEqualTo("/api/v4" + MODULES + "a%252F%25C3%25B6/");
        assertThat(gitLab.requests().getFirst().query()).isEqualTo("b%2F=%C3%A4+~%2A&z=1%262");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/../usage_metrics", "/a/../../x", "/.", "/..", "/a/./b"})
    @DisplayName("A path does not lead out of the module")
    void leaves(String path) throws Exception {
        ModuleStream stream = open().header(header("m", "POST", path, Map.of())).trailer().halfClose();
        assertEnds(stream, Status.Code.UNAVAILABLE, "gRPC -> HTTP: Post \"" + gitLab.address() + "/api/v4" + MODULES + "m" + path
                + "\": the path leads out of the module");
        assertThat(gitLab.requests()).isEmpty();
    }

    @Test
    @DisplayName("AG-53: the token is GitLab's to judge; its 401 is an answer like any other")
    void unauthorized() throws Exception {
        gitLab.always(RECONCILE, request -> GitLabAnswer.json(401, "{\"message\":\"401 Unauthorized\"}"));
        ModuleStream stream = open().header(header("remote_development", "POST", "/reconcile", Map.of())).trailer().halfClose();
        assertThat(end(stream)).isEqualTo(Status.OK);
        assertThat(stream.answerHeader().getResponse().getStatus()).isEqualTo("401 Unauthorized");
        assertThat(gitLab.requests()).hasSize(1);
        assertThat(running.log.lines("gRPC -> HTTP")).isEmpty();
    }

    @Test
    @DisplayName("AG-54: five attempts, each with the whole body, then the last answer counts")
    void fails() throws Exception {
        gitLab.always(RECONCILE, request -> GitLabAnswer.text(503, "text/plain", "down"));
        byte[] large = new byte[300_000];
        new Random(1).nextBytes(large);
        ModuleStream stream = open().header(header("remote_development", "POST", "/reconcile", Map.of())).data(large).trailer().halfClose();
        assertThat(end(stream)).isEqualTo(Status.OK);
        assertThat(stream.answerHeader().getResponse().getStatusCode()).isEqualTo(503);
        assertThat(stream.body()).isEqualTo("down".getBytes(StandardCharsets.US_ASCII));
        assertThat(gitLab.requests(RECONCILE)).hasSize(5).allSatisfy(seen -> {
            assertThat(seen.body()).isEqualTo(large);
            assertThat(seen.header("Content-Length")).isEqualTo("300000");
        });
    }

    @Test
    @DisplayName("GB-30: errors that pass are not seen by the agent; AG-54: a redirection is passed on")
    void passes() throws Exception {
        gitLab.next(RECONCILE, GitLabAnswer.status(502), GitLabAnswer.reset(), GitLabAnswer.status(302).with("Location", "/else"));
        ModuleStream stream = open().header(header("remote_development", "POST", "/reconcile", Map.of())).data("x").trailer().halfClose();
        assertThat(end(stream)).isEqualTo(Status.OK);
        assertThat(stream.answerHeader().getResponse().getStatus()).isEqualTo("302 Found");
        assertThat(stream.answerHeader("Location")).containsExactly("/else");
        assertThat(gitLab.requests()).hasSize(3);
    }

    @Test
    @DisplayName("GB-30: a compressed answer that the agent did not ask for is decompressed")
    void compressed() throws Exception {
        gitLab.next(RECONCILE, GitLabAnswer.json(200, "{\"a\":1}").gzipped(), GitLabAnswer.json(200, "{\"a\":1}").gzipped());
        ModuleStream stream = open().header(header("remote_development", "POST", "/reconcile", Map.of())).trailer().halfClose();
        assertThat(end(stream)).isEqualTo(Status.OK);
        assertThat(new String(stream.body(), StandardCharsets.UTF_8)).isEqualTo("{\"a\":1}");
        assertThat(stream.answerHeader("Content-Encoding")).isEmpty();
        assertThat(stream.answerHeader("Content-Length")).isEmpty();

        ModuleStream own = open().header(header("remote_development", "POST", "/reconcile", Map.of(), "Accept-Encoding", "gzip, br"))
                .trailer().halfClose();
        assertThat(end(own)).isEqualTo(Status.OK);
        assertThat(own.answerHeader("Content-Encoding")).containsExactly("gzip");
        assertThat(own.body()).startsWith(0x1f, 0x8b);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Upgrade", "upgrade"})
    @DisplayName("AG-55, GB-31: no upgrades")
    void upgrade(String name) throws Exception {
        ModuleStream stream = open().header(header("m", "GET", "/", Map.of(), name, "websocket"));
        assertEnds(stream, Status.Code.UNAVAILABLE, "gRPC -> HTTP: connection upgrade is not supported");
        assertThat(running.log.lines("gRPC -> HTTP")).singleElement().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.ERROR);
            assertThat(line.fields()).containsEntry("error", "connection upgrade is not supported").containsEntry("grpc_method",
                    "MakeRequest");
        });
    }

    @Test
    @DisplayName("AG-55: the extra part must be there and of the right type, and messages in order")
    void malformed() throws Exception {
        HttpRequest.Header good = header("m", "GET", "/", Map.of());
        assertEnds(open().header(good.toBuilder().clearExtra().build()), Status.Code.UNAVAILABLE,
                "gRPC -> HTTP: proto: invalid nil source message");
        Any other = Any.newBuilder().setTypeUrl("type.googleapis.com/gitlab.agent.Other").build();
        assertEnds(open().header(good.toBuilder().setExtra(other).build()), Status.Code.UNAVAILABLE,
                "gRPC -> HTTP: proto: mismatched message type: got \"gitlab.agent.gitlab_access.rpc.HeaderExtra\", want \"gitlab.agent.Other\"");
        Any broken = good.getExtra().toBuilder().setValue(ByteString.copyFromUtf8("\u0000")).build();
        assertEnds(open().header(good.toBuilder().setExtra(broken).build()), Status.Code.UNAVAILABLE,
                "gRPC -> HTTP: proto: cannot parse invalid wire-format data");
        assertEnds(open().data("x"), Status.Code.INVALID_ARGUMENT, "transition from -2 to 2 is not allowed. Allowed: [1]");
        assertEnds(open().halfClose(), Status.Code.INVALID_ARGUMENT, "transition from -2 to -1 is not allowed. Allowed: [1]");
        assertEnds(open().header(good).header(good), Status.Code.INVALID_ARGUMENT,
                "transition from 1 to 1 is not allowed. Allowed: [2 3]");
        assertEnds(open().header(good).data("x").halfClose(), Status.Code.INVALID_ARGUMENT,
                "transition from 2 to -1 is not allowed. Allowed: [2 3]");
        assertEnds(open().header(good).trailer().trailer(), Status.Code.INVALID_ARGUMENT,
                "transition from 3 to 3 is not allowed. Allowed: [4 -1]");
        HttpRequest upgradeData = HttpRequest.newBuilder().setUpgradeData(HttpRequest.UpgradeData.getDefaultInstance()).build();
        assertEnds(open().header(good).trailer().message(upgradeData), Status.Code.INTERNAL,
                "unexpected HttpRequest_UpgradeData message for non-upgrade request");
        assertEnds(open().message(HttpRequest.getDefaultInstance()), Status.Code.INVALID_ARGUMENT,
                "invalid HttpRequest.Message: value is required");
        assertThat(gitLab.requests()).isEmpty();
    }

    @Test
    @DisplayName("A request that declares no body goes out at once, and ends when the agent's stream does")
    void bodiless() throws Exception {
        gitLab.always(MODULES + "m/", request -> GitLabAnswer.text(200, "text/plain", "ok"));
        HttpRequest.Header header = header("m", "GET", "/", Map.of()).toBuilder().setContentLength(0).build();
        ModuleStream stream = open().header(header);
        await().atMost(Duration.ofSeconds(20)).until(() -> stream.answers().size() == 3);
        assertThat(stream.end()).isNotDone();
        stream.trailer().halfClose();
        assertThat(end(stream)).isEqualTo(Status.OK);

        gitLab.always(MODULES + "m/", request -> GitLabAnswer.status(200).after(Duration.ofSeconds(30)));
        assertEnds(open().header(header).data("x"), Status.Code.INTERNAL, "unexpected HttpRequest_Data message received");
    }

    @ParameterizedTest
    @CsvSource({"'a b', v, 'net/http: invalid header field name \"a b\"'", "X-A, 'v\nw', 'net/http: invalid header field value for \"X-A\"'"})
    @DisplayName("Headers that cannot be sent are refused")
    void unsendable(String name, String value, String text) throws Exception {
        ModuleStream stream = open().header(header("m", "GET", "/", Map.of(), name, value)).trailer().halfClose();
        assertEnds(stream, Status.Code.UNAVAILABLE,
                "gRPC -> HTTP: Get \"" + gitLab.address() + "/api/v4" + MODULES + "m/\": " + text);
    }

    @ParameterizedTest
    @CsvSource({"'GE T', 'NewRequest: net/http: invalid method \"GE T\"'",
            "CONNECT, 'Connect \"{}\": no tunnels through GitLab'"})
    @DisplayName("Methods that cannot be sent are refused")
    void methods(String method, String text) throws Exception {
        ModuleStream stream = open().header(header("m", method, "/", Map.of())).trailer().halfClose();
        assertEnds(stream, Status.Code.UNAVAILABLE,
                "gRPC -> HTTP: " + text.replace("{}", gitLab.address() + "/api/v4" + MODULES + "m/"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "DELETE", "HEAD"})
    @DisplayName("An answer without body may be declared as compressed")
    void bodilessMethods(String method) throws Exception {
        gitLab.always(MODULES + "m/", request -> GitLabAnswer.status(304).with("Content-Encoding", "gzip").with("Connection", "close"));
        ModuleStream stream = open().header(header("m", method, "/", Map.of())).trailer().halfClose();
        assertThat(end(stream)).isEqualTo(Status.OK);
        assertThat(only(MODULES + "m/").method()).isEqualTo(method);
        assertThat(stream.answerHeader("Content-Encoding")).containsExactly("gzip");
        assertThat(stream.answerHeader("Connection")).isEmpty();
        assertThat(stream.body()).isEmpty();
    }

    @Test
    @DisplayName("GitLab unreachable: the text shows no values of the query")
    void unreachable() throws Exception {
        int port = gitLab.address().getPort();
        gitLab.close();
        ModuleStream stream = open().header(header("m", "POST", "/p", Map.of("secret", "value"))).trailer().halfClose();
        assertEnds(stream, Status.Code.UNAVAILABLE, "gRPC -> HTTP: Post \"http://127.0.0.1:" + port
                + "/api/v4/internal/kubernetes/modules/m/p?secret=x\": dial tcp 127.0.0.1:" + port + ": connect: connection refused");
        assertThat(running.log.lines("gRPC -> HTTP")).singleElement()
                .satisfies(line -> assertThat(line.level()).isEqualTo(LogLevel.ERROR));
    }

    @Test
    @DisplayName("An answer that breaks off ends the call with CANCELLED, after what came of it")
    void brokenAnswer() throws Exception {
        gitLab.always(RECONCILE, request -> GitLabAnswer.text(200, "text/plain", "half of it").cutOff());
        ModuleStream stream = open().header(header("remote_development", "POST", "/reconcile", Map.of())).trailer().halfClose();
        assertEnds(stream, Status.Code.CANCELLED, "gRPC -> HTTP: read HTTP response body: unexpected EOF");
        assertThat(stream.answerHeader().getResponse().getStatusCode()).isEqualTo(200);
        assertThat(running.log.lines().stream().map(RecordedLog.Line::level)).doesNotContain(LogLevel.ERROR);
    }

    @Test
    @DisplayName("A module that gives up takes the request to GitLab with it, before and within the answer")
    void cancelled() throws Exception {
        gitLab.always(RECONCILE, request -> GitLabAnswer.text(200, "text/plain", "half of it").stalled());
        ModuleStream within = open().header(header("remote_development", "POST", "/reconcile", Map.of())).trailer().halfClose();
        await().atMost(Duration.ofSeconds(20)).until(() -> within.answers().size() == 2);
        within.cancel();
        await().atMost(Duration.ofSeconds(20)).until(() -> gitLab.openConnections() == 0);

        gitLab.always(RECONCILE, request -> GitLabAnswer.status(200).after(Duration.ofSeconds(60)));
        ModuleStream before = open().header(header("remote_development", "POST", "/reconcile", Map.of())).data("x").trailer().halfClose();
        await().atMost(Duration.ofSeconds(20)).until(() -> gitLab.requests().size() == 2);
        before.cancel();
        await().atMost(Duration.ofSeconds(20)).until(() -> gitLab.openConnections() == 0);
        assertThat(running.log.lines().stream().map(RecordedLog.Line::level)).doesNotContain(LogLevel.ERROR);
    }

    @Test
    @DisplayName("A large answer waits at GitLab while the agent does not read")
    void backPressure() throws Exception {
        byte[] large = new byte[16 << 20];
        new Random(2).nextBytes(large);
        gitLab.always(RECONCILE,
                request -> new GitLabAnswer(200, List.of(), large, Duration.ZERO, GitLabAnswer.Fate.COMPLETE));
        ModuleStream stream = ModuleStream.slow(channel, "token").header(header("remote_development", "POST", "/reconcile", Map.of()))
                .trailer().halfClose();
        stream.take(3);
        await().atMost(Duration.ofSeconds(20)).until(() -> stream.answers().size() == 3);
        assertThat(stream.end()).isNotDone();
        stream.take(Integer.MAX_VALUE);
        assertThat(end(stream)).isEqualTo(Status.OK);
        assertThat(Arrays.equals(stream.body(), large)).isTrue();
        assertThat(stream.answers()).allSatisfy(answer -> assertThat(answer.getData().getData().size()).isLessThanOrEqualTo(32768));
    }

    @Test
    @DisplayName("A large body is kept in a file that nobody sees, and nothing of it stays")
    void largeBody() throws Exception {
        byte[] piece = new byte[1 << 20];
        new Random(3).nextBytes(piece);
        ModuleStream stream = open().header(header("remote_development", "POST", "/reconcile", Map.of()));
        for (int i = 0; i < 24; i++) {
            await().atMost(Duration.ofSeconds(20)).until(stream::ready);
            stream.data(piece);
        }
        stream.trailer().halfClose();
        assertThat(end(stream)).isEqualTo(Status.OK);
        byte[] seen = only(RECONCILE).body();
        assertThat(seen).hasSize(24 << 20);
        assertThat(Arrays.equals(seen, 23 << 20, 24 << 20, piece, 0, piece.length)).isTrue();
        try (Stream<Path> files = Files.walk(scratch)) {
            assertThat(files.filter(file -> file.getParent().endsWith("requests")).toList()).isEmpty();
        }
    }

    @Test
    @DisplayName("GB-60: a module's request carries the agent's token as each release of GitLab looks for it")
    void tokens() throws Exception {
        ModuleStream stream = open().header(header("m", "GET", "/", Map.of())).trailer().halfClose();
        assertThat(end(stream)).isEqualTo(Status.OK);
        GitLabRequestSeen seen = only(MODULES + "m/");
        assertThat(seen.header("Gitlab-Agentk-Api-Request")).isEqualTo("token");
        assertThat(seen.header("Gitlab-Agent-Api-Request")).isEqualTo("token");
        assertThat(seen.header("Authorization")).isEqualTo("Bearer token");
    }
}
