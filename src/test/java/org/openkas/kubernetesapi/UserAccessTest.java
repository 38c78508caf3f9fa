package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.openkas.kubernetesapi.JobAccessTest.extra;
import static org.openkas.kubernetesapi.JobAccessTest.impersonation;
import static org.openkas.kubernetesapi.ProxyWithGitLab.USERS;
import static org.openkas.kubernetesapi.ProxyWithGitLab.USER_TOKEN;
import static org.openkas.kubernetesapi.ProxyWithGitLab.message;
import static org.openkas.kubernetesapi.ProxyWithGitLab.setup;
import static org.openkas.kubernetesapi.ProxyWithGitLab.user;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.common.LogLevel;
import org.openkas.kubernetesapi.RunningProxy.Answer;
import org.openkas.proto.kubernetesapi.ImpersonationConfig;
import org.openkas.proto.prototool.Values;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.GitLabRequestSeen;

/** Users at the Kubernetes API listener, with a browser's session or a token (chapter 03 §7.2, §8.4, §8.5). */
class UserAccessTest {
    private static final String PATH = "/api/v4/internal/kubernetes/authorize_proxy_user";
    private static final String UNAUTHORIZED = "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\","
            + "\"message\":\"GitLab Agent Server: Unauthorized\",\"reason\":\"Unauthorized\",\"code\":401}\n";
    private static final String FAILED = "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\","
            + "\"message\":\"GitLab Agent Server: Failed to authorize user session\",\"reason\":\"InternalError\",\"code\":500}\n";

    private static JsonNode body(GitLabRequestSeen request) throws Exception {
        return new ObjectMapper().readTree(request.body());
    }

    private static JsonNode json(String text) throws Exception {
        return new ObjectMapper().readTree(text.replace('\'', '"'));
    }

    @Test
    @DisplayName("KP-11: GitLab gets the decoded cookie, in a call that it knows to be this server's")
    void cookie() throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            assertThat(proxy.get("Cookie: _gitlab_kas=a%2Fb%2Bc+d", "Gitlab-Agent-Id: 123", "X-Csrf-Token: t").status()).isEqualTo(200);
            GitLabRequestSeen seen = proxy.usersAsked().getFirst();
            assertThat(seen.method()).isEqualTo("POST");
            assertThat(seen.path()).isEqualTo(PATH);
            assertThat(body(seen))
                    .isEqualTo(json("{'agent_id':'123','access_type':'session_cookie','access_key':'a/b+c d','csrf_token':'t'}"));
            assertThat(seen.header("Gitlab-Kas-Api-Request")).as("verified by the GitLab for tests").isNotEmpty();
            assertThat(seen.header("Content-Type")).isEqualTo("application/json");
            assertThat(seen.header("Accept")).isEqualTo("application/json");
            assertThat(seen.header("User-Agent")).isEqualTo(RunningProxy.NAME);
            assertThat(seen.headers()).doesNotContainKeys("authorization", "cookie", "job-token");
            assertThat(proxy.agent.next().header().hasExtra()).isFalse();
        }
    }

    @Test
    @DisplayName("KP-12: agent and CSRF token as query parameters, which the agent does not see")
    void parameters() throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            assertThat(proxy.ask("/api?gitlab-agent-id=123&gitlab-csrf-token=t%26&x=1", "Cookie: _gitlab_kas=s").status()).isEqualTo(200);
            assertThat(body(proxy.usersAsked().getFirst()))
                    .isEqualTo(json("{'agent_id':'123','access_type':'session_cookie','access_key':'s','csrf_token':'t&'}"));
            assertThat(proxy.agent.next().header().getRequest().getQueryMap())
                    .isEqualTo(Map.of("x", Values.newBuilder().addValue("1").build()));
        }
    }

    @Test
    @DisplayName("KP-13: the header wins over the parameter, which the agent does not see either")
    void headerWins() throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            assertThat(proxy.browse("/api?gitlab-agent-id=9&gitlab-agent-id=10&gitlab-csrf-token=u&gitlab-csrf-token=v").status())
                    .isEqualTo(200);
            assertThat(body(proxy.usersAsked().getFirst()).path("agent_id").asText()).isEqualTo("123");
            assertThat(body(proxy.usersAsked().getFirst()).path("csrf_token").asText()).isEqualTo("t");
            assertThat(proxy.agent.next().header().getRequest().getQueryMap()).isEmpty();
        }
    }

    @Test
    @DisplayName("chapter 03 §6.3: an empty CSRF token is GitLab's business")
    void emptyCsrfToken() throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            assertThat(proxy.get("Cookie: _gitlab_kas=s", "Gitlab-Agent-Id: 123", "X-Csrf-Token:").status()).isEqualTo(200);
            assertThat(body(proxy.usersAsked().getFirst()).has("csrf_token")).isFalse();
        }
    }

    static Stream<Arguments> cookies() {
        return Stream.of(Arguments.of("first", List.of("Cookie: _gitlab_kas=first; _gitlab_kas=second")),
                Arguments.of("first", List.of("Cookie: a=b; _gitlab_kas=first", "Cookie: _gitlab_kas=second")),
                Arguments.of("second", List.of("Cookie: _gitlab_kas=fi\"rst", "Cookie: _gitlab_kas=second")),
                Arguments.of("second", List.of("Cookie: _gitlab_kas=fi\\rst; c; =d;; ;_gitlab_kas=second; e")),
                Arguments.of("quoted", List.of("Cookie: _gitlab_kas=\"quoted\"")),
                Arguments.of("a=b=", List.of("Cookie: _gitlab_kas=a=b=")),
                Arguments.of("käse", List.of("Cookie: _gitlab_kas=k%C3%a4se")),
                Arguments.of("prefix-session", List.of("Cookie: x=\"; _gitlab_kas=prefix-session")));
    }

    @ParameterizedTest
    @DisplayName("KP-15: the first well-formed cookie counts")
    @MethodSource("cookies")
    void firstCookie(String key, List<String> lines) throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            Stream<String> more = Stream.of("Gitlab-Agent-Id: 123", "X-Csrf-Token: t");
            assertThat(proxy.get(Stream.concat(lines.stream(), more).toArray(String[]::new)).status()).isEqualTo(200);
            assertThat(body(proxy.usersAsked().getFirst()).path("access_key").asText()).isEqualTo(key);
        }
    }

    @Test
    @DisplayName("KP-16, GB-09: a user's token; 201 is a success")
    void token() throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            assertThat(proxy.get("Authorization: Bearer pat:123:glpat-x:y", "X-Csrf-Token: t").status()).isEqualTo(200);
            assertThat(body(proxy.usersAsked().getFirst()))
                    .isEqualTo(json("{'agent_id':'123','access_type':'personal_access_token','access_key':'glpat-x:y'}"));
            proxy.gitLab.always(USERS, request -> GitLabAnswer.json(200, user("\"agent\":{}")));
            assertThat(proxy.get("Authorization: Bearer pat:123:other-token").status()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @DisplayName("KP-17, GB-23: GitLab's refusals all look the same")
    @ValueSource(ints = {401, 403, 404})
    void refusals(int status) throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            proxy.gitLab.always(USERS, request -> GitLabAnswer.json(status, "{\"message\":\"403 Forbidden\",\"x\":1}"));
            String error = "HTTP status code: " + status + " for path " + PATH + " with reason 403 Forbidden";
            for (Answer answer : List.of(proxy.get(USER_TOKEN), proxy.browse("/api"), proxy.get(USER_TOKEN))) {
                assertThat(answer.status()).isEqualTo(401);
                assertThat(answer.header("Gitlab-Unauthorized")).isEqualTo("true");
                assertThat(answer.body()).isEqualTo(UNAUTHORIZED);
            }
            assertThat(proxy.log.lines("Authorize proxy user error")).hasSize(3).allSatisfy(line -> {
                assertThat(line.level()).isEqualTo(LogLevel.DEBUG);
                assertThat(line.fields()).containsEntry("error", error).containsEntry("agent_id", 123L);
            });
            assertThat(proxy.agent.waiting()).isZero();
        }
    }

    static Stream<Arguments> failures() {
        String unread = " with reason <unknown reason: ";
        return Stream.of(
                Arguments.of(GitLabAnswer.json(400, "{\"message\":\"400 Bad request\"}"), 400, " with reason 400 Bad request"),
                Arguments.of(GitLabAnswer.json(400, "{}"), 400, ""),
                Arguments.of(GitLabAnswer.status(400), 400, unread + "missing content type header to read reason>"),
                Arguments.of(GitLabAnswer.text(502, "text/plain", "bad gateway"), 502,
                        unread + "expected application/json content type, but got text/plain>"),
                Arguments.of(GitLabAnswer.json(500, "no json"), 500, unread));
    }

    @ParameterizedTest
    @DisplayName("KP-18, GB-24: other answers are 500, and only the log knows more")
    @MethodSource("failures")
    void failures(GitLabAnswer gitLabSays, int status, String reason) throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            proxy.gitLab.always(USERS, request -> gitLabSays);
            Answer answer = proxy.get(USER_TOKEN);
            assertThat(answer.status()).isEqualTo(500);
            assertThat(answer.header("Gitlab-Unauthorized")).isEmpty();
            assertThat(answer.body()).isEqualTo(FAILED);
            assertThat(proxy.usersAsked()).hasSize(status < 500 ? 1 : 5);
            assertThat(proxy.log.lines("Failed to authorize user session")).singleElement().satisfies(line -> {
                assertThat(line.level()).isEqualTo(LogLevel.ERROR);
                String error = "HTTP status code: " + status + " for path " + PATH + reason;
                if (reason.endsWith(": ")) {
                    assertThat(line.fields().get("error").toString()).startsWith(error);
                } else {
                    assertThat(line.fields()).containsEntry("error", error);
                }
            });
        }
    }

    @ParameterizedTest
    @DisplayName("KP-18, GB-24: nobody is asked about an agent that cannot be")
    @ValueSource(strings = {"0", "-1"})
    void impossibleIds(String id) throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            assertThat(proxy.get("Authorization: Bearer pat:" + id + ":token").body()).isEqualTo(FAILED);
            assertThat(proxy.get("Cookie: _gitlab_kas=s", "Gitlab-Agent-Id: " + id, "X-Csrf-Token: t").body()).isEqualTo(FAILED);
            assertThat(proxy.asked()).isZero();
            assertThat(proxy.log.lines("Failed to authorize user session")).hasSize(2).allSatisfy(
                    line -> assertThat(line.fields().get("error").toString()).startsWith("WithProtoJsonRequestBody: invalid"));
        }
    }

    static Stream<String> incompleteAnswers() {
        return Stream.of("{}", user(""), user("\"other\":{}"), user("\"agent\":{}").replace("testuser", ""),
                user("\"agent\":{}").replace("\"config_project\":{\"id\":5}", "\"x\":1"));
    }

    @ParameterizedTest
    @DisplayName("chapter 03 §7.2: answers that say too little")
    @MethodSource("incompleteAnswers")
    void incompleteAnswer(String answer) throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            proxy.gitLab.always(USERS, request -> GitLabAnswer.json(201, answer));
            assertThat(proxy.get(USER_TOKEN).body()).isEqualTo(FAILED);
            assertThat(proxy.log.lines("Failed to authorize user session").getFirst().fields().get("error").toString())
                    .startsWith("ValidateAll: ");
        }
    }

    @ParameterizedTest
    @DisplayName("KP-23: a user's identity")
    @ValueSource(strings = {"session_cookie", "personal_access_token"})
    void asUser(String kind) throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            proxy.gitLab.always(USERS, request -> GitLabAnswer.json(201,
                    user("""
                            "user":{"projects":[{"id":1234,"roles":["guest","developer"]}],"groups":[{"id":9,"roles":["developer"]},{"id":10}]}""")));
            Answer answer = kind.equals("session_cookie") ? proxy.browse("/api") : proxy.get(USER_TOKEN);
            assertThat(answer.status()).isEqualTo(200);
            ImpersonationConfig identity = impersonation(proxy.agent.next());
            assertThat(identity.getUsername()).isEqualTo("gitlab:user:testuser");
            assertThat(identity.getGroupsList()).containsExactly("gitlab:user", "gitlab:project_role:1234:guest",
                    "gitlab:project_role:1234:developer", "gitlab:group_role:9:developer");
            assertThat(identity.getUid()).isEmpty();
            assertThat(extra(identity)).containsExactly("agent.gitlab.com/id=[123]", "agent.gitlab.com/username=[testuser]",
                    "agent.gitlab.com/access_type=[" + kind + "]", "agent.gitlab.com/config_project_id=[5]");
        }
    }

    @Test
    @DisplayName("KP-19 for users: with access_as agent nobody is impersonated")
    void asAgent() throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            assertThat(proxy.get(USER_TOKEN).status()).isEqualTo(200);
            assertThat(proxy.agent.next().header().hasExtra()).isFalse();
            assertThat(message(proxy.get("Authorization: Bearer pat:123:"))).contains("empty token");
        }
    }
}
