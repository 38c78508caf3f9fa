package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.openkas.kubernetesapi.ProxyWithGitLab.BROWSER;
import static org.openkas.kubernetesapi.ProxyWithGitLab.COOKIE;
import static org.openkas.kubernetesapi.ProxyWithGitLab.message;
import static org.openkas.kubernetesapi.ProxyWithGitLab.setup;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.openkas.common.LogLevel;
import org.openkas.kubernetesapi.RunningProxy.Answer;
import org.openkas.testkit.RecordedLog;

/** What counts as a credential, and what is said about one that cannot be used (chapter 03 §6). */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CredentialsTest {
    private static final String SECRET = "s3cret";

    private ProxyWithGitLab proxy;

    @BeforeAll
    void start() throws Exception {
        proxy = setup().start();
    }

    @AfterAll
    void stop() {
        proxy.close();
    }

    private void assertUnauthorized(Answer answer, String reason) {
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.header("Gitlab-Unauthorized")).isEqualTo("true");
        assertThat(answer.header("Content-Type")).isEqualTo("application/json");
        assertThat(answer.header("Server")).isEqualTo(RunningProxy.NAME);
        assertThat(message(answer)).isEqualTo("GitLab Agent Server: Unauthorized: " + reason);
        assertThat(answer.body()).contains("\"reason\":\"Unauthorized\",\"code\":401}").doesNotContain(SECRET);
        assertThat(proxy.asked()).isZero();
        assertThat(proxy.agent.waiting()).isZero();
        RecordedLog.Line line = proxy.log.lines("Unauthorized").getLast();
        assertThat(line.level()).isEqualTo(LogLevel.DEBUG);
        assertThat(line.fields()).containsEntry("error", reason).containsEntry("mod_name", "kubernetes_api").doesNotContainKey("agent_id");
        assertThat(proxy.log.lines().toString()).doesNotContain(SECRET);
    }

    @ParameterizedTest
    @DisplayName("KP-03, KP-04: Authorization headers that cannot be used")
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
            "Token s3cret | expecting Bearer token",
            "bearer ci:1:s3cret | expecting Bearer token",
            "BEARER ci:1:s3cret | expecting Bearer token",
            "Bearer\tci:1:s3cret | expecting Bearer token",
            "Basic czNjcmV0 | expecting Bearer token",
            "Bearer | expecting Bearer token",
            "~~ | expecting Bearer token",
            "Bearer x | invalid value",
            "Bearer s3cret | invalid value",
            "Bearer foo:1:s3cret | unknown token type",
            "Bearer  ci:1:s3cret | unknown token type",
            "Bearer CI:1:s3cret | unknown token type",
            "Bearer :1:s3cret | unknown token type",
            "Bearer ci:1 | invalid value",
            "Bearer pat:1 | invalid value",
            "Bearer ci: | invalid value",
            "Bearer ci:abc:s3cret | failed to parse: strconv.ParseInt: parsing \"abc\": invalid syntax",
            "Bearer pat:abc:s3cret | failed to parse: strconv.ParseInt: parsing \"abc\": invalid syntax",
            "Bearer ci::s3cret | failed to parse: strconv.ParseInt: parsing \"\": invalid syntax",
            "Bearer ci: 1:s3cret | failed to parse: strconv.ParseInt: parsing \" 1\": invalid syntax",
            "Bearer ci:1_0:s3cret | failed to parse: strconv.ParseInt: parsing \"1_0\": invalid syntax",
            "Bearer ci:0x1:s3cret | failed to parse: strconv.ParseInt: parsing \"0x1\": invalid syntax",
            "Bearer ci:+:s3cret | failed to parse: strconv.ParseInt: parsing \"+\": invalid syntax",
            "Bearer ci:\"\\:s3cret | failed to parse: strconv.ParseInt: parsing \"\\\"\\\\\": invalid syntax",
            "Bearer ci:9223372036854775808:s3cret | failed to parse: strconv.ParseInt: parsing \"9223372036854775808\": value out of range",
            "Bearer pat:-9223372036854775809:s3cret | failed to parse: strconv.ParseInt: parsing \"-9223372036854775809\": value out of range",
            "Bearer ci:1: | empty token",
            "Bearer pat:1: | empty token",
            "Bearer pat:abc: | failed to parse: strconv.ParseInt: parsing \"abc\": invalid syntax"})
    void unusableAuthorization(String value, String reason) throws Exception {
        assertUnauthorized(proxy.get("Authorization: " + value), "Authorization header: " + reason);
    }

    @Test
    @DisplayName("KP-02: several Authorization lines, in whatever spelling")
    void severalAuthorizations() throws Exception {
        String good = " Bearer ci:123:s3cret";
        assertUnauthorized(proxy.get("Authorization:" + good, "authorization:" + good),
                "Authorization header: expecting a single header, got 2");
        assertUnauthorized(proxy.get("AUTHORIZATION:" + good, "authorization:" + good, "Authorization:"),
                "Authorization header: expecting a single header, got 3");
    }

    @Test
    @DisplayName("KP-06: a good cookie does not make up for a bad Authorization header")
    void noWayBackToTheCookie() throws Exception {
        assertUnauthorized(proxy.browse("/api", "Authorization: Basic czNjcmV0"), "Authorization header: expecting Bearer token");
    }

    @ParameterizedTest
    @DisplayName("KP-01: what is no credential here")
    @CsvSource(delimiter = '|', value = {"Private-Token: s3cret", "Job-Token: s3cret", "Cookie: _gitlab_session=s3cret",
            "Cookie: _GITLAB_KAS=s3cret", "Cookie: x_gitlab_kas=s3cret; _gitlab_kas2=s3cret", "Proxy-Authorization: Bearer ci:123:s3cret",
            "Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.czNjcmV0", "X-Csrf-Token: s3cret",
            "Cookie: _gitlab_kas=s3\\cret", "Cookie: _gitlab_kas=s3\"cret", "Cookie: _gitlab_kas=s3cret\u00e9",
            "Cookie: _gitlab_kas=\"s3cret"})
    void noCredentials(String line) throws Exception {
        assertUnauthorized(proxy.ask("/api?private_token=s3cret&access_token=s3cret&gitlab-agent-id=123", line),
                "no valid credentials provided");
    }

    static Stream<Arguments> unusableSessions() {
        String oneId = "exactly one agent id must be provided either in the \"Gitlab-Agent-Id\" header or \"gitlab-agent-id\" query parameter";
        String oneToken = "exactly one CSRF token must be provided either in the \"X-Csrf-Token\" header or \"gitlab-csrf-token\" query parameter";
        String id = "Gitlab-Agent-Id: 123";
        String csrf = "X-Csrf-Token: s3cret";
        String cookie = "Cookie: _gitlab_kas=s3cret";
        return Stream.of(
                // the cookie
                unusable("", "_gitlab_kas cookie value must not be empty", "Cookie: _gitlab_kas=", id, csrf),
                unusable("", "_gitlab_kas cookie value must not be empty", "Cookie: _gitlab_kas=\"\"", id, csrf),
                unusable("", "_gitlab_kas cookie value must not be empty", "Cookie: _gitlab_kas", id, csrf),
                unusable("", "_gitlab_kas cookie value must not be empty", "Cookie: a=b; _gitlab_kas=; _gitlab_kas=s3cret", id, csrf),
                unusable("", "_gitlab_kas invalid cookie value", "Cookie: _gitlab_kas=s3cret%zz", id, csrf),
                unusable("", "_gitlab_kas invalid cookie value", "Cookie: _gitlab_kas=s3cret%2", id, csrf),
                unusable("", "_gitlab_kas invalid cookie value", "Cookie: _gitlab_kas=s3cret%", id, csrf),
                // the agent's id
                unusable("", oneId, cookie, csrf),
                unusable("gitlab-agent-id=1&gitlab-agent-id=1", oneId, cookie, csrf),
                unusable("Gitlab-Agent-Id=123", oneId, cookie, csrf),
                unusable("gitlab-agent-id=123", "Gitlab-Agent-Id header must have exactly one value", cookie, csrf, id,
                        "gitlab-agent-id: 123"),
                unusable("gitlab-agent-id=123", "agent id in request: invalid value: \"abc\"", cookie, csrf, "Gitlab-Agent-Id: abc"),
                unusable("gitlab-agent-id=123", "agent id in request: invalid value: \"\"", cookie, csrf, "Gitlab-Agent-Id:"),
                unusable("gitlab-agent-id=", "agent id in request: invalid value: \"\"", cookie, csrf),
                unusable("gitlab-agent-id=9223372036854775808", "agent id in request: invalid value: \"9223372036854775808\"", cookie,
                        csrf),
                unusable("gitlab-agent-id=%31%20", "agent id in request: invalid value: \"1 \"", cookie, csrf),
                // the CSRF token
                unusable("", oneToken, cookie, id),
                unusable("gitlab-csrf-token=s3cret&gitlab-csrf-token=s3cret", oneToken, cookie, id),
                unusable("", "X-Csrf-Token header must have exactly one value", cookie, id, csrf, "x-csrf-token: s3cret"),
                // what is looked at first
                unusable("", "_gitlab_kas invalid cookie value", "Cookie: _gitlab_kas=%"),
                unusable("", oneId, cookie, csrf, "x-csrf-token: other"),
                // the header wins even if it is of no use
                unusable("gitlab-csrf-token=s3cret", "agent id in request: invalid value: \"x\"", cookie, "Gitlab-Agent-Id: x"));
    }

    private static Arguments unusable(String query, String reason, String... lines) {
        return Arguments.of(query, reason, List.of(lines));
    }

    @ParameterizedTest(name = "{index}: {1}")
    @DisplayName("KP-13, KP-14: sessions that cannot be used")
    @MethodSource("unusableSessions")
    void unusableSession(String query, String reason, List<String> lines) throws Exception {
        assertUnauthorized(proxy.ask("/api?" + query, lines.toArray(String[]::new)), reason);
    }

    @Test
    @DisplayName("chapter 03 §6.4: an error that shows what the client sent cannot be more than text")
    void echoedIds() throws Exception {
        Answer answer = proxy.ask("/api?gitlab-csrf-token=t&gitlab-agent-id=%22%7D%3Cscript%3E%0A%00%C3%A9%E2%80%A8", COOKIE);
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.body()).contains("invalid value: \\\"\\\\\\\"}\\u003cscript\\u003e\\\\n\\\\x00").doesNotContain("<script>");
    }

    @Test
    @DisplayName("chapter 03 §6.3: the header of an id or a CSRF token may be spelled as browsers like")
    void spelling() throws Exception {
        try (ProxyWithGitLab other = setup().start()) {
            assertThat(other.get("cookie: _gitlab_kas=s", "gitlab-agent-id: 123", "X-CSRF-TOKEN: t").status()).isEqualTo(200);
            assertThat(other.get("COOKIE: a=b", "Cookie: _gitlab_kas=s", "GitLab-Agent-Id: 123", "x-csrf-token: t").status())
                    .isEqualTo(200);
            assertThat(other.ask("/", BROWSER.toArray(String[]::new)).status()).isEqualTo(200);
        }
    }
}
