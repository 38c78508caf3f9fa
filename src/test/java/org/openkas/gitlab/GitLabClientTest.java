package org.openkas.gitlab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.auth0.jwt.JWT;
import com.auth0.jwt.interfaces.DecodedJWT;
import com.google.protobuf.ByteString;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.common.AgentToken;
import org.openkas.common.Timers;
import org.openkas.proto.gitlab.GetAgentInfoResponse;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.GitLabRequestSeen;

class GitLabClientTest {
    private static final AgentToken TOKEN = AgentToken.ofAgentk("agent-token");
    private static final String PATH = "/api/v4" + FakeGitLab.AGENT_INFO;
    private static final GitLabRequest AGENT_INFO = GitLabRequest.of("GET", PATH).asAgent(TOKEN);
    private static final GitLabRequest REPORT = GitLabRequest.of("POST", "/api/v4" + FakeGitLab.AGENT_CONFIGURATION).json("{\"a\":1}")
            .retried();

    private FakeGitLab gitLab;
    private GitLabClient client;

    @BeforeEach
    void open() throws Exception {
        gitLab = FakeGitLab.release19();
        gitLab.agent("agent-token", 42, 7, "group/project");
        client = GitLabClients.of(gitLab);
    }

    @AfterEach
    void close() {
        client.close();
        gitLab.close();
    }

    @Test
    @DisplayName("GB-02: the server's own token")
    void serverToken() throws Exception {
        agentInfo();

        DecodedJWT token = JWT.decode(only(FakeGitLab.AGENT_INFO).header("Gitlab-Kas-Api-Request"));
        assertThat(token.getAlgorithm()).isEqualTo("HS256");
        String claims = new String(Base64.getUrlDecoder().decode(token.getPayload()), StandardCharsets.UTF_8);
        assertThat(claims).contains("\"aud\":[\"gitlab\"]").contains("\"iss\":\"gitlab-kas\"");
        assertThat(token.getClaims()).containsOnlyKeys("iss", "aud", "exp", "nbf", "iat");
        assertThat(token.getClaim("exp").asLong() - token.getClaim("iat").asLong()).isEqualTo(30);
        assertThat(token.getClaim("iat").asLong() - token.getClaim("nbf").asLong()).isEqualTo(5);
    }

    @Test
    @DisplayName("GB-03: a GitLab below a path")
    void basePath() throws Exception {
        try (GitLabClient below = GitLabClients.of(URI.create(gitLab.address() + "/gitlab/"), GitLabClients.realTimers())) {
            below.message(AGENT_INFO, GetAgentInfoResponse.getDefaultInstance());
        }
        assertThat(only(FakeGitLab.AGENT_INFO).path()).isEqualTo("/gitlab" + PATH);
    }

    @Test
    @DisplayName("GB-05: headers of a GET with agent token")
    void headers() throws Exception {
        gitLab.always("/internal/kubernetes/project_info", request -> GitLabAnswer.json(404, "{}"));
        assertThatThrownBy(() -> client.message(
                GitLabRequest.of("GET", "/api/v4/internal/kubernetes/project_info").query("id", List.of("bla/bla")).asAgent(TOKEN),
                GetAgentInfoResponse.getDefaultInstance())).isInstanceOf(GitLabException.class);

        GitLabRequestSeen request = only("/internal/kubernetes/project_info");
        assertThat(request.method()).isEqualTo("GET");
        assertThat(request.query()).isEqualTo("id=bla%2Fbla");
        assertThat(request.header("Accept")).isEqualTo("application/json");
        assertThat(request.headers()).doesNotContainKey("content-type");
        assertThat(request.header("Authorization")).isEqualTo("Bearer agent-token");
        assertThat(request.header("User-Agent")).isEqualTo(GitLabClients.USER_AGENT);
        assertThat(request.header("Accept-Encoding")).isEqualTo("gzip");
    }

    @Test
    @DisplayName("NR-006: all three token headers below /internal/kubernetes/")
    void tokenHeaders() throws Exception {
        gitLab.always("/internal/kubernetes/verify_project_access", request -> GitLabAnswer.status(204));
        client.call(GitLabRequest.of("GET", "/api/v4/internal/kubernetes/verify_project_access").asAgent(TOKEN));

        GitLabRequestSeen request = only("/internal/kubernetes/verify_project_access");
        assertThat(request.header("Authorization")).isEqualTo("Bearer agent-token");
        assertThat(request.header("Gitlab-Agentk-Api-Request")).isEqualTo("agent-token");
        assertThat(request.header("Gitlab-Agent-Api-Request")).isEqualTo("agent-token");
        assertThat(request.headers()).doesNotContainKey("accept");
    }

    @Test
    @DisplayName("GB-06: no tracing headers without tracing; no upgrade to HTTP/2 without TLS either")
    void noTracing() throws Exception {
        agentInfo();
        assertThat(only(FakeGitLab.AGENT_INFO).headers()).doesNotContainKeys("traceparent", "tracestate", "baggage", "x-request-id",
                "upgrade",
                "http2-settings", "authorization", "gitlab-agentk-api-request");
    }

    @Test
    void aRequestWithOtherCredentialsCarriesNoTokenOfTheServer() throws Exception {
        gitLab.always("/job/allowed_agents", request -> GitLabAnswer.status(204));
        client.call(GitLabRequest.of("GET", "/api/v4/job/allowed_agents").withoutServerToken().header("Job-Token", List.of("job")));

        assertThat(only("/job/allowed_agents").headers()).containsEntry("job-token", List.of("job"))
                .doesNotContainKeys("gitlab-kas-api-request", "authorization");
    }

    @Test
    void headersOfTheServerWinOverThoseOfTheCaller() throws Exception {
        gitLab.always("/internal/kubernetes/modules/m/", request -> GitLabAnswer.status(200));
        try (GitLabResponse answer = client.send(GitLabRequest.of("PUT", "/api/v4/internal/kubernetes/modules/m/")
                .header("User-Agent", List.of("agent")).header("Authorization", List.of("x")).header("Gitlab-Kas-Api-Request", List.of("y"))
                .header("Content-Type", List.of("a/b")).asAgent(TOKEN).body(ByteString.copyFromUtf8("body")))) {
            assertThat(answer.status()).isEqualTo(200);
        }
        GitLabRequestSeen request = only("/internal/kubernetes/modules/m/");
        assertThat(request.header("User-Agent")).isEqualTo(GitLabClients.USER_AGENT);
        assertThat(request.header("Authorization")).isEqualTo("Bearer agent-token");
        assertThat(request.header("Gitlab-Kas-Api-Request")).contains(".");
        assertThat(request.header("Content-Type")).isEqualTo("a/b");
        assertThat(request.header("Content-Length")).isEqualTo("4");
        assertThat(request.bodyText()).isEqualTo("body");
    }

    @Test
    @DisplayName("GB-07: a redirect is not followed")
    void redirect() {
        gitLab.next(FakeGitLab.AGENT_INFO, GitLabAnswer.status(302).with("Location", gitLab.address() + "/users/sign_in"));

        GitLabException failure = failure();
        assertThat(failure).hasMessage("HTTP status code: 302 for path " + PATH);
        assertThat(failure.kind()).isEqualTo(GitLabException.Kind.UNAVAILABLE);
        assertThat(failure.remedy()).contains("gitlab.address");
        assertThat(gitLab.requests()).hasSize(1);
    }

    @Test
    @DisplayName("GB-08: the content type must be JSON")
    void contentType() throws Exception {
        gitLab.next(FakeGitLab.AGENT_INFO, GitLabAnswer.text(200, "text/html", "<html>"), GitLabAnswer.status(200));

        assertThat(failure()).hasMessage("unexpected Content-Type in response: \"text/html\"");
        assertThat(failure()).hasMessage("unexpected Content-Type in response: \"\"");
        gitLab.next(FakeGitLab.AGENT_INFO, GitLabAnswer.text(200, "application/json; charset=utf-8", minimal("")));
        assertThat(agentInfo().getAgentId()).isEqualTo(8);
    }

    @Test
    @DisplayName("GB-09: 201 is a success for JSON only, 204 only without")
    void statuses() throws Exception {
        gitLab.next(FakeGitLab.AGENT_INFO, GitLabAnswer.json(201, minimal("")), GitLabAnswer.status(204));
        assertThat(agentInfo().getAgentId()).isEqualTo(8);
        assertThat(failure()).hasMessage("HTTP status code: 204 for path " + PATH);

        gitLab.next(FakeGitLab.AGENT_CONFIGURATION, GitLabAnswer.status(201));
        assertThatThrownBy(() -> client.call(REPORT))
                .hasMessage("HTTP status code: 201 for path /api/v4/internal/kubernetes/agent_configuration");
        gitLab.next(FakeGitLab.AGENT_CONFIGURATION, GitLabAnswer.status(200), GitLabAnswer.status(204));
        client.call(REPORT);
        client.call(REPORT);
    }

    @Test
    @DisplayName("GB-10, NR-058: unknown members, ids as text, no features")
    void lenience() throws Exception {
        gitLab.next(FakeGitLab.AGENT_INFO, GitLabAnswer.json(200, minimal(",\"new\":{\"a\":[1]}")));
        GetAgentInfoResponse answer = agentInfo();
        assertThat(answer.getProjectId()).isEqualTo(7);
        assertThat(answer.getGitalyInfo().getFeaturesMap()).isEmpty();
    }

    @Test
    @DisplayName("NR-031: feature flags in the answer change nothing")
    void featureFlags() throws Exception {
        gitLab.next(FakeGitLab.AGENT_INFO,
                GitLabAnswer.json(200, minimal("")).with("Gitlab-Feature-Flag", "k8s_api_proxy_response_header_allowlist=false"));
        assertThat(agentInfo().getAgentId()).isEqualTo(8);
    }

    @ParameterizedTest
    @DisplayName("GB-11: what is missing is told completely")
    @CsvSource(delimiter = '|', quoteCharacter = '^', textBlock = """
            {"agent_id":1,"agent_name":"a","default_branch":"m","gitaly_repository":{"storage_name":"d","relative_path":"r","gl_repository":"g","gl_project_path":"p"}} | ValidateAll: invalid GetAgentInfoResponse.ProjectId: value must be greater than 0; invalid GetAgentInfoResponse.GitalyInfo: value is required
            {"project_id":0,"agent_id":1,"agent_name":"a","default_branch":"m","gitaly_info":null,"gitaly_repository":{"storage_name":"d","relative_path":"r","gl_repository":"g","gl_project_path":"p"}} | ValidateAll: invalid GetAgentInfoResponse.ProjectId: value must be greater than 0; invalid GetAgentInfoResponse.GitalyInfo: value is required
            """)
    void rules(String json, String text) {
        gitLab.next(FakeGitLab.AGENT_INFO, GitLabAnswer.json(200, json));
        GitLabException failure = failure();
        assertThat(failure).hasMessage(text);
        assertThat(failure.kind()).isEqualTo(GitLabException.Kind.UNAVAILABLE);
        assertThat(failure.outage()).as("others may be fine").isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "[]", "{\"agentId\":", "{\"agent_id\":1,\"agent_id\":2}", "{\"agent_id\":\"x\"}", "{} {}",
            "{\"gitaly_info\":{\"features\":{\"a\":null}}}"})
    void unreadableAnswers(String json) {
        gitLab.next(FakeGitLab.AGENT_INFO, GitLabAnswer.json(200, json));
        assertThat(failure()).hasMessageStartingWith("protojson.Unmarshal: proto: ");
    }

    @Test
    void camelCaseIsNotRead() {
        gitLab.next(FakeGitLab.AGENT_INFO, GitLabAnswer.json(200, minimal("").replace("default_branch", "defaultBranch")));
        assertThat(failure()).hasMessageStartingWith("ValidateAll: invalid GetAgentInfoResponse.DefaultBranch: ");
    }

    @Test
    @DisplayName("GB-14: 501 is not repeated; an agent info call never is")
    void notRepeated() {
        gitLab.next(FakeGitLab.AGENT_CONFIGURATION, GitLabAnswer.status(501));
        assertThatThrownBy(() -> client.call(REPORT)).hasMessageStartingWith("HTTP status code: 501");
        assertThat(gitLab.requests(FakeGitLab.AGENT_CONFIGURATION)).hasSize(1);

        gitLab.next(FakeGitLab.AGENT_INFO, GitLabAnswer.status(500));
        assertThat(failure()).hasMessage("HTTP status code: 500 for path " + PATH);
        assertThat(gitLab.requests(FakeGitLab.AGENT_INFO)).hasSize(1);
    }

    @Test
    @DisplayName("GB-27, GB-12: five attempts with growing waits, then the last answer counts")
    void attempts() throws Exception {
        FakeTimers timers = new FakeTimers();
        gitLab.always(FakeGitLab.AGENT_CONFIGURATION, request -> GitLabAnswer.status(500));
        try (GitLabClient slow = GitLabClients.of(gitLab.address(), timers)) {
            Future<?> call = inThread(() -> slow.call(REPORT));
            int attempts = 0;
            for (int millis : new int[]{100, 200, 400, 800}) {
                awaitPause(timers, ++attempts);
                timers.advance(Duration.ofMillis(millis - 1));
                assertThat(gitLab.requests()).hasSize(attempts);
                timers.advance(Duration.ofMillis(1));
            }
            assertThatThrownBy(call::get).cause()
                    .hasMessage("HTTP status code: 500 for path /api/v4/internal/kubernetes/agent_configuration");
        }
        List<GitLabRequestSeen> requests = gitLab.requests(FakeGitLab.AGENT_CONFIGURATION);
        assertThat(requests).hasSize(5).extracting(GitLabRequestSeen::bodyText).containsOnly("{\"a\":1}");
        assertThat(requests).extracting(request -> request.header("Gitlab-Kas-Api-Request"))
                .containsOnly(requests.getFirst().header("Gitlab-Kas-Api-Request"));
    }

    @Test
    @DisplayName("GB-13: Retry-After in seconds is kept to")
    void retryAfter() throws Exception {
        FakeTimers timers = new FakeTimers();
        gitLab.next(FakeGitLab.AGENT_CONFIGURATION, GitLabAnswer.status(503).with("Retry-After", "2"));
        try (GitLabClient slow = GitLabClients.of(gitLab.address(), timers)) {
            Future<?> call = inThread(() -> slow.call(REPORT));
            awaitPause(timers, 1);
            timers.advance(Duration.ofMillis(1999));
            assertThat(gitLab.requests()).hasSize(1);
            timers.advance(Duration.ofMillis(1));
            call.get();
        }
        assertThat(gitLab.requests()).hasSize(2);
    }

    @Test
    void anOldServerTokenIsRenewedBetweenAttempts() throws Exception {
        FakeTimers timers = new FakeTimers();
        gitLab.next(FakeGitLab.AGENT_CONFIGURATION, GitLabAnswer.status(503).with("Retry-After", "60"));
        ServerToken token = new ServerToken(
                new org.openkas.jwt.TokenSigner(FakeGitLab.SECRET, "gitlab-kas", List.of("gitlab"), Duration.ofSeconds(30), timers),
                timers);
        String first = token.text();
        timers.advance(Duration.ofSeconds(20));
        assertThat(token.text()).isEqualTo(first);
        timers.advance(Duration.ofSeconds(40));
        assertThat(token.text()).isNotEqualTo(first);
    }

    @Test
    @DisplayName("chapter 02 §2.8: a GET whose connection is reset is sent once more")
    void resetOnce() throws Exception {
        agentInfo();
        gitLab.next(FakeGitLab.AGENT_INFO, GitLabAnswer.reset());
        agentInfo();
        gitLab.next(FakeGitLab.AGENT_INFO, GitLabAnswer.hangUp());
        agentInfo();
        assertThat(gitLab.requests(FakeGitLab.AGENT_INFO)).hasSize(5);
    }

    @Test
    void connectionsThatBreak() {
        gitLab.always(FakeGitLab.AGENT_INFO, request -> GitLabAnswer.reset());
        assertThat(failure()).hasMessage("Get \"" + gitLab.address() + PATH + "\": read tcp 127.0.0.1:" + gitLab.address().getPort()
                + ": read: connection reset by peer");
        gitLab.always(FakeGitLab.AGENT_INFO, request -> GitLabAnswer.hangUp());
        assertThat(failure()).hasMessage("Get \"" + gitLab.address() + PATH + "\": EOF");
        gitLab.always(FakeGitLab.AGENT_INFO, request -> GitLabAnswer.json(200, minimal("")).cutOff());
        assertThat(failure()).hasMessage("response body read: unexpected EOF");
    }

    @Test
    @DisplayName("GB-15, CO-35: refused connections are told with the URL masked")
    void refused() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        try (GitLabClient nowhere = GitLabClients.of(URI.create("http://127.0.0.1:" + port), GitLabClients.realTimers())) {
            GitLabException failure = catchThrowableOfType(GitLabException.class,
                    () -> nowhere.call(GitLabRequest.of("GET", "/abc").query("id", List.of("group/p")).query("b", List.of("c"))));
            assertThat(failure).hasMessage("Get \"http://127.0.0.1:" + port + "/abc?b=x&id=x\": dial tcp 127.0.0.1:" + port
                    + ": connect: connection refused");
            assertThat(failure.remedy())
                    .isEqualTo("set gitlab.address (Omnibus: gitlab_kas['gitlab_address']) to an address that this host can reach");
            assertThat(failure.outage()).isTrue();
        }
    }

    @Test
    void unknownHosts() throws Exception {
        try (GitLabClient nowhere = GitLabClients.of(URI.create("http://gitlab.invalid"), GitLabClients.realTimers())) {
            assertThatThrownBy(() -> nowhere.call(GitLabRequest.of("POST", "/abc")))
                    .hasMessage("Post \"http://gitlab.invalid/abc\": dial tcp: lookup gitlab.invalid: no such host");
        }
    }

    @Test
    void answersThatDoNotCome() throws Exception {
        gitLab.next(FakeGitLab.AGENT_INFO, GitLabAnswer.status(200).after(Duration.ofSeconds(30)));
        Timers timers = GitLabClients.realTimers();
        HttpTransport.Patience patience = new HttpTransport.Patience(Duration.ofSeconds(1), Duration.ofMillis(100));
        try (GitLabClient hasty = GitLabClients.of(gitLab.address(), timers, Map.of(), patience,
                new TokenBucket(1, 1, timers, LimiterObserver.NONE))) {
            assertThatThrownBy(() -> hasty.call(AGENT_INFO)).hasMessageEndingWith(": net/http: timeout awaiting response headers");
        }
    }

    @Test
    void aCallWithLittleTime() throws Exception {
        gitLab.next(FakeGitLab.AGENT_INFO, GitLabAnswer.status(200).after(Duration.ofSeconds(30)));
        assertThatThrownBy(() -> client.call(AGENT_INFO.within(Duration.ofMillis(50)))).isInstanceOf(GitLabException.class)
                .hasMessageEndingWith(": context deadline exceeded");
    }

    @Test
    @DisplayName("GB-17: a call that the rate limit would hold back for too long fails at once")
    void limited() throws Exception {
        FakeTimers timers = new FakeTimers();
        try (GitLabClient limited = GitLabClients.of(gitLab.address(), timers, Map.of(), HttpTransport.Patience.USUAL,
                new TokenBucket(1, 1, timers, LimiterObserver.NONE))) {
            limited.message(AGENT_INFO, GetAgentInfoResponse.getDefaultInstance());
            assertThatThrownBy(() -> limited.call(AGENT_INFO.within(Duration.ofMillis(900))))
                    .hasMessage("Get \"" + gitLab.address() + PATH + "\": rate: Wait(n=1) would exceed context deadline");
        }
        assertThat(gitLab.requests()).hasSize(1);
    }

    @Test
    @DisplayName("GB-16: a caller that gives up takes the request along")
    void cancelled() throws Exception {
        gitLab.next(FakeGitLab.AGENT_INFO, GitLabAnswer.status(200).after(Duration.ofSeconds(30)));
        AtomicInteger interrupted = new AtomicInteger();
        Thread caller = Thread.ofVirtual().start(() -> {
            try {
                client.call(AGENT_INFO);
            } catch (InterruptedException e) {
                interrupted.incrementAndGet();
            } catch (GitLabException e) {
                throw new AssertionError(e);
            }
        });
        Awaitility.await().until(() -> gitLab.requests().size() == 1);
        caller.interrupt();
        caller.join();
        assertThat(interrupted).hasValue(1);
        Awaitility.await().until(() -> gitLab.openConnections() == 0);
    }

    @Test
    void compressedAnswersAreRead() throws Exception {
        gitLab.next(FakeGitLab.AGENT_INFO, GitLabAnswer.json(200, minimal("")).gzipped());
        assertThat(agentInfo().getAgentId()).isEqualTo(8);
    }

    @Test
    void anAnswerWithoutEndIsRefused() {
        gitLab.next(FakeGitLab.AGENT_INFO, GitLabAnswer.json(200, "[" + " ".repeat(33 << 20)).gzipped());
        assertThat(failure()).hasMessage("response body read: larger than 33554432 bytes");
    }

    @ParameterizedTest
    @DisplayName("chapter 02 §2.9: the reason of a refusal")
    @CsvSource(delimiter = '|', quoteCharacter = '^', textBlock = """
            application/json | {"message":"403 Forbidden","x":1} | with reason 403 Forbidden
            text/plain       | oops                              | with reason <unknown reason: expected application/json content type, but got text/plain>
            application/json | {"message":5}                     | with reason <unknown reason: proto:
            """)
    void reasons(String type, String body, String text) {
        gitLab.always("/x", request -> GitLabAnswer.text(403, type, body));
        assertThatThrownBy(
                () -> client.message(GitLabRequest.of("POST", "/api/v4/x").explained(), GetAgentInfoResponse.getDefaultInstance()))
                .hasMessageContaining("HTTP status code: 403 for path /api/v4/x " + text);
    }

    @Test
    void aRefusalWithoutReason() {
        gitLab.next("/x", GitLabAnswer.status(403), GitLabAnswer.json(403, "{}"));
        GitLabRequest request = GitLabRequest.of("POST", "/api/v4/x").explained();
        assertThatThrownBy(() -> client.call(request)).hasMessageEndingWith(
                " with reason <unknown reason: missing content type header to read reason>");
        assertThatThrownBy(() -> client.call(request)).hasMessage("HTTP status code: 403 for path /api/v4/x");
    }

    @Test
    void connectionsAreUsedAgainAlsoAfterErrors() throws Exception {
        gitLab.always("/x", request -> GitLabAnswer.json(500, "{\"message\":\"" + "x".repeat(1000) + "\"}"));
        for (int call = 0; call < 5; call++) {
            assertThatThrownBy(() -> client.call(GitLabRequest.of("GET", "/api/v4/x"))).isInstanceOf(GitLabException.class);
            agentInfo();
        }
        assertThat(gitLab.connections()).isEqualTo(1);
    }

    @Test
    @DisplayName("chapter 02 §2.5: at most 50 connections")
    void mostConnections() throws Exception {
        gitLab.always("/x", request -> GitLabAnswer.status(204).after(Duration.ofMillis(500)));
        List<Future<?>> calls = new ArrayList<>();
        for (int call = 0; call < 80; call++) {
            calls.add(inThread(() -> client.call(GitLabRequest.of("GET", "/api/v4/x"))));
        }
        for (Future<?> call : calls) {
            call.get();
        }
        assertThat(gitLab.connections()).isLessThanOrEqualTo(50);
    }

    @Test
    void proxiesOfTheEnvironment() throws Exception {
        Timers timers = GitLabClients.realTimers();
        Map<String, String> environment = Map.of("HTTP_PROXY", "http://me:pass@127.0.0.1:" + gitLab.address().getPort());
        try (GitLabClient proxied = GitLabClients.of(URI.create("http://gitlab.invalid"), timers, environment, HttpTransport.Patience.USUAL,
                new TokenBucket(9, 9, timers, LimiterObserver.NONE))) {
            proxied.message(AGENT_INFO, GetAgentInfoResponse.getDefaultInstance());
        }
        assertThat(only(FakeGitLab.AGENT_INFO).path()).isEqualTo("http://gitlab.invalid" + PATH);
        assertThat(only(FakeGitLab.AGENT_INFO).header("Proxy-Authorization")).isEqualTo("Basic bWU6cGFzcw==");
    }

    @Test
    void aProxyThatIsNotThere() throws Exception {
        Timers timers = GitLabClients.realTimers();
        try (GitLabClient proxied = GitLabClients.of(URI.create("http://gitlab.invalid"), timers, Map.of("HTTP_PROXY", "127.0.0.1:1"),
                HttpTransport.Patience.USUAL, new TokenBucket(9, 9, timers, LimiterObserver.NONE))) {
            assertThatThrownBy(() -> proxied.call(GitLabRequest.of("GET", "/x")))
                    .hasMessage("Get \"http://gitlab.invalid/x\": proxyconnect tcp: dial tcp 127.0.0.1:1: connect: connection refused");
        }
    }

    private GetAgentInfoResponse agentInfo() throws GitLabException, InterruptedException {
        return client.message(AGENT_INFO, GetAgentInfoResponse.getDefaultInstance());
    }

    private GitLabException failure() {
        return catchThrowableOfType(GitLabException.class, this::agentInfo);
    }

    private GitLabRequestSeen only(String path) {
        assertThat(gitLab.requests(path)).hasSize(1);
        return gitLab.requests(path).getFirst();
    }

    /** Until the given number of requests arrived and the next attempt is planned. */
    private void awaitPause(FakeTimers timers, int requests) {
        Awaitility.await().until(() -> gitLab.requests().size() == requests && timers.pending() == 1);
        // the alarm of an exchange looks the same for a moment
        Awaitility.await().during(Duration.ofMillis(50)).until(() -> timers.pending() == 1);
    }

    private static String minimal(String more) {
        return """
                {"project_id":"7","agent_id":8,"agent_name":"a","gitaly_info":{"address":"tcp://g:1","unknown":1},"gitaly_repository":
                {"storage_name":"default","relative_path":"r","gl_repository":"project-7","gl_project_path":"p"},"default_branch":"main"%s}"""
                .formatted(more);
    }

    private interface Call {
        void run() throws Exception;
    }

    private static final ExecutorService THREADS = Executors.newVirtualThreadPerTaskExecutor();

    private static Future<?> inThread(Call call) {
        return THREADS.submit(() -> {
            call.run();
            return null;
        });
    }
}
