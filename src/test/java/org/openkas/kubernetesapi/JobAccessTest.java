package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.openkas.kubernetesapi.ProxyWithGitLab.JOBS;
import static org.openkas.kubernetesapi.ProxyWithGitLab.JOB_TOKEN;
import static org.openkas.kubernetesapi.ProxyWithGitLab.agentAs;
import static org.openkas.kubernetesapi.ProxyWithGitLab.job;
import static org.openkas.kubernetesapi.ProxyWithGitLab.jobWith;
import static org.openkas.kubernetesapi.ProxyWithGitLab.message;
import static org.openkas.kubernetesapi.ProxyWithGitLab.setup;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.common.LogLevel;
import org.openkas.kubernetesapi.RunningProxy.Answer;
import org.openkas.proto.kubernetesapi.HeaderExtra;
import org.openkas.proto.kubernetesapi.ImpersonationConfig;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.GitLabRequestSeen;
import org.openkas.testkit.KubernetesAgent;

/** CI jobs at the Kubernetes API listener (chapter 03 §7.1, §8.1 to §8.3). */
class JobAccessTest {
    private static final String FAILED = "GitLab Agent Server: Failed to get allowed agents for CI job token: ";
    private static final String PATH = "/api/v4/job/allowed_agents";

    @Test
    @DisplayName("KP-05: GitLab gets the token as it is, and no token of this server")
    void request() throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            assertThat(proxy.get("Authorization: Bearer ci:123:a:b:c").status()).isEqualTo(200);
            GitLabRequestSeen seen = proxy.jobsAsked().getFirst();
            assertThat(seen.method()).isEqualTo("GET");
            assertThat(seen.path()).isEqualTo(PATH);
            assertThat(seen.query()).isEmpty();
            assertThat(seen.header("Job-Token")).isEqualTo("a:b:c");
            assertThat(seen.header("Accept")).isEqualTo("application/json");
            assertThat(seen.header("User-Agent")).isEqualTo(RunningProxy.NAME);
            assertThat(seen.headers()).doesNotContainKeys("gitlab-kas-api-request", "authorization", "content-type");
            assertThat(proxy.agent.next().header().hasExtra()).isFalse();
        }
    }

    @Test
    @DisplayName("KP-07: a token wins over a cookie, and neither reaches the agent")
    void tokenAndCookie() throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            assertThat(proxy.browse("/api", JOB_TOKEN).status()).isEqualTo(200);
            assertThat(proxy.jobsAsked()).hasSize(1);
            assertThat(proxy.usersAsked()).isEmpty();
            assertThat(proxy.agent.next().header().getRequest().getHeaderMap().keySet()).containsExactly("Via");
        }
    }

    @ParameterizedTest
    @DisplayName("KP-08, GB-22: what GitLab says about the token")
    @CsvSource({"401,Unauthorized: CI job token,Unauthorized", "403,Forbidden: CI job token,Forbidden",
            "404,Not found: agents for CI job token,NotFound"})
    void refusals(int status, String text, String reason) throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            proxy.gitLab.always(JOBS, request -> GitLabAnswer.json(status, "{\"message\":\"because\"}"));
            Answer answer = proxy.get(JOB_TOKEN);
            assertThat(answer.status()).isEqualTo(status);
            assertThat(answer.header("Gitlab-Unauthorized")).isEqualTo(status == 401 ? "true" : "");
            assertThat(answer.header("Content-Type")).isEqualTo("application/json");
            String error = "HTTP status code: " + status + " for path " + PATH;
            assertThat(answer.body())
                    .isEqualTo("{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\""
                            + "GitLab Agent Server: " + text + ": " + error + "\",\"reason\":\"" + reason + "\",\"code\":" + status
                            + "}\n");
            assertThat(proxy.log.lines(text)).singleElement().satisfies(line -> {
                assertThat(line.level()).isEqualTo(LogLevel.DEBUG);
                assertThat(line.fields()).containsEntry("error", error).containsEntry("agent_id", 123L);
            });
            assertThat(proxy.agent.waiting()).isZero();
            assertThat(proxy.jobsAsked()).hasSize(1);
        }
    }

    @Test
    @DisplayName("KP-08, chapter 03 §7.1: a GitLab below a path is named with it")
    void belowAPath() throws Exception {
        try (ProxyWithGitLab proxy = setup().below("/gitlab").start()) {
            proxy.gitLab.always(JOBS, request -> GitLabAnswer.status(403));
            assertThat(message(proxy.get(JOB_TOKEN))).endsWith("HTTP status code: 403 for path /gitlab/api/v4/job/allowed_agents");
        }
    }

    @Test
    @DisplayName("KP-08, GB-12: a GitLab that fails is asked five times, with growing waits, then the client gets 500")
    void failingGitLab() throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            proxy.gitLab.always(JOBS, request -> GitLabAnswer.status(500));
            Answer answer = proxy.get(JOB_TOKEN);
            assertThat(answer.status()).isEqualTo(500);
            assertThat(answer.header("Gitlab-Unauthorized")).isEmpty();
            assertThat(message(answer)).isEqualTo(FAILED + "HTTP status code: 500 for path " + PATH);
            assertThat(answer.body()).endsWith("\"reason\":\"InternalError\",\"code\":500}\n");
            assertThat(proxy.jobsAsked()).hasSize(5);
            List<Integer> least = List.of(100, 200, 400, 800);
            for (int i = 0; i < 4; i++) {
                long gap = proxy.jobsAsked().get(i + 1).nanos() - proxy.jobsAsked().get(i).nanos();
                assertThat(TimeUnit.NANOSECONDS.toMillis(gap)).isGreaterThanOrEqualTo(least.get(i));
            }
            assertThat(proxy.log.lines("Failed to get allowed agents for CI job token")).singleElement().satisfies(line -> {
                assertThat(line.level()).isEqualTo(LogLevel.ERROR);
                assertThat(line.fields()).containsEntry("error", "HTTP status code: 500 for path " + PATH).containsEntry("agent_id", 123L)
                        .containsEntry("mod_name", "kubernetes_api").containsKey("remedy");
            });
        }
    }

    @Test
    @DisplayName("GB-13: a GitLab that names a time is asked again then")
    void retryAfter() throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            proxy.gitLab.next(JOBS, GitLabAnswer.status(503).with("Retry-After", "2"));
            assertThat(proxy.get(JOB_TOKEN).status()).isEqualTo(200);
            assertThat(proxy.jobsAsked()).hasSize(2);
            assertThat(proxy.jobsAsked().get(1).nanos() - proxy.jobsAsked().get(0).nanos()).isGreaterThanOrEqualTo(2_000_000_000L);
        }
    }

    @Test
    @DisplayName("KP-09: an agent that is not in the list, asked for twice")
    void notInTheList() throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            for (int i = 0; i < 2; i++) {
                Answer answer = proxy.get("Authorization: Bearer ci:15:token");
                assertThat(answer.status()).isEqualTo(403);
                assertThat(message(answer)).isEqualTo("GitLab Agent Server: Forbidden: agentId is not allowed");
                assertThat(answer.header("Gitlab-Unauthorized")).isEmpty();
            }
            assertThat(proxy.jobsAsked()).hasSize(1);
            assertThat(proxy.log.lines("Forbidden: agentId is not allowed")).hasSize(2).allSatisfy(line -> {
                assertThat(line.level()).isEqualTo(LogLevel.DEBUG);
                assertThat(line.fields()).containsEntry("agent_id", 15L);
            });
            assertThat(proxy.agent.waiting()).isZero();
            assertThat(proxy.get("Authorization: Bearer ci:123:token").status()).as("an agent in the list").isEqualTo(200);
            assertThat(proxy.jobsAsked()).hasSize(1);
        }
    }

    @ParameterizedTest
    @DisplayName("chapter 03 §6.2: ids below one are ids, only nobody's")
    @ValueSource(strings = {"0", "-1", "-9223372036854775808"})
    void unlikelyIds(String id) throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            assertThat(proxy.get("Authorization: Bearer ci:" + id + ":token").status()).isEqualTo(403);
        }
    }

    @ParameterizedTest
    @DisplayName("chapter 03 §6.2: other spellings of an id")
    @ValueSource(strings = {"+123", "000123"})
    void spellingsOfIds(String id) throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            assertThat(proxy.get("Authorization: Bearer ci:" + id + ":token").status()).isEqualTo(200);
            proxy.agent.next();
        }
    }

    @ParameterizedTest
    @DisplayName("KP-10, GB-25: one agent with a mode that nobody knows spoils the whole list")
    @ValueSource(strings = {"{}", "{\"ci_user\":{}}", "{\"impersonate\":{}}", "{\"impersonate\":{\"username\":\"u\",\"groups\":[\"\"]}}",
            "{\"impersonate\":{\"username\":\"u\",\"extra\":[{\"key\":\"k\"}]}}"})
    void unknownMode(String accessAs) throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            proxy.gitLab.always(JOBS, request -> GitLabAnswer.json(200, job(agentAs(123, "{\"agent\":{}}"), agentAs(9, accessAs))));
            for (String id : List.of("123", "9", "77")) {
                Answer answer = proxy.get("Authorization: Bearer ci:" + id + ":token");
                assertThat(answer.status()).isEqualTo(500);
                assertThat(message(answer)).startsWith(FAILED + "ValidateAll: ");
            }
            assertThat(proxy.agent.waiting()).isZero();
        }
    }

    @ParameterizedTest
    @DisplayName("chapter 03 §7.1: answers that cannot be used")
    @MethodSource("unusableAnswers")
    void unusableAnswer(GitLabAnswer answer, String text) throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            proxy.gitLab.always(JOBS, request -> answer);
            Answer seen = proxy.get(JOB_TOKEN);
            assertThat(seen.status()).isEqualTo(500);
            assertThat(message(seen)).startsWith(FAILED + text);
        }
    }

    static Stream<Arguments> unusableAnswers() {
        return Stream.of(Arguments.of(GitLabAnswer.text(200, "text/html", "<html>"), "unexpected Content-Type in response: \"text/html\""),
                Arguments.of(GitLabAnswer.status(204), "HTTP status code: 204 for path " + PATH),
                Arguments.of(GitLabAnswer.status(302).with("Location", "/login"), "HTTP status code: 302 for path " + PATH),
                Arguments.of(GitLabAnswer.json(200, "{"), "protojson.Unmarshal: "),
                Arguments.of(GitLabAnswer.json(200, "{\"allowed_agents\":[]}"), "ValidateAll: "),
                Arguments.of(GitLabAnswer.json(200, jobWith(",\"environment\":{\"slug\":\"prod\"}")), "ValidateAll: "));
    }

    @Test
    @DisplayName("chapter 03 §7.1: unknown members, ids as text, and the first of several elements of one id")
    void lenientReading() throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            proxy.gitLab.always(JOBS, request -> GitLabAnswer.text(201, "application/json; charset=utf-8",
                    jobWith(",\"new\":[{}],\"environment\":null",
                            "{\"id\":\"123\",\"config_project\":{\"id\":\"5\",\"x\":1},\"configuration\":null}",
                            agentAs(123, "{\"ci_job\":{}}"))));
            assertThat(proxy.get(JOB_TOKEN).status()).isEqualTo(200);
            assertThat(proxy.agent.next().header().hasExtra()).isFalse();
        }
    }

    @ParameterizedTest
    @DisplayName("KP-19, GB-25: the agent's own identity is the default")
    @ValueSource(strings = {"{\"id\":123,\"config_project\":{\"id\":5}}", "{\"id\":123,\"config_project\":{\"id\":5},\"configuration\":{}}",
            "{\"id\":123,\"config_project\":{\"id\":5},\"configuration\":{\"access_as\":{\"agent\":{}}}}"})
    void asAgent(String agent) throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            proxy.gitLab.always(JOBS, request -> GitLabAnswer.json(200, job(agent)));
            assertThat(proxy.get(JOB_TOKEN).status()).isEqualTo(200);
            assertThat(proxy.agent.next().header().hasExtra()).isFalse();
        }
    }

    @Test
    @DisplayName("KP-20: an identity as configured")
    void asConfigured() throws Exception {
        ImpersonationConfig identity = impersonation("""
                {"impersonate":{"username":"u","groups":["g2","g1"],"uid":"4711",
                "extra":[{"key":"k","val":["v2","v1"]},{"key":"a/b","val":["w"]}]}}""", "");
        assertThat(identity.getUsername()).isEqualTo("u");
        assertThat(identity.getGroupsList()).containsExactly("g2", "g1");
        assertThat(identity.getUid()).isEqualTo("4711");
        assertThat(extra(identity)).containsExactly("k=[v2, v1]", "a/b=[w]");
    }

    @Test
    @DisplayName("KP-21: a job's identity")
    void asJob() throws Exception {
        ImpersonationConfig identity = impersonation("{\"ci_job\":{}}", "");
        assertThat(identity.getUsername()).isEqualTo("gitlab:ci_job:1");
        assertThat(identity.getGroupsList()).containsExactly("gitlab:ci_job", "gitlab:group:6", "gitlab:project:3");
        assertThat(identity.getUid()).isEmpty();
        assertThat(extra(identity)).containsExactly("agent.gitlab.com/id=[123]", "agent.gitlab.com/config_project_id=[5]",
                "agent.gitlab.com/project_id=[3]", "agent.gitlab.com/ci_pipeline_id=[2]", "agent.gitlab.com/ci_job_id=[1]",
                "agent.gitlab.com/username=[testuser]");
    }

    @Test
    @DisplayName("KP-22: a job's identity in an environment")
    void asJobInEnvironment() throws Exception {
        ImpersonationConfig identity = impersonation("{\"ci_job\":{}}", ",\"environment\":{\"slug\":\"prod\",\"tier\":\"production\"}");
        assertThat(identity.getGroupsList()).containsExactly("gitlab:ci_job", "gitlab:group:6", "gitlab:group_env_tier:6:production",
                "gitlab:project:3", "gitlab:project_env:3:prod", "gitlab:project_env_tier:3:production");
        assertThat(extra(identity)).containsExactly("agent.gitlab.com/id=[123]", "agent.gitlab.com/config_project_id=[5]",
                "agent.gitlab.com/project_id=[3]", "agent.gitlab.com/ci_pipeline_id=[2]", "agent.gitlab.com/ci_job_id=[1]",
                "agent.gitlab.com/username=[testuser]", "agent.gitlab.com/environment_slug=[prod]",
                "agent.gitlab.com/environment_tier=[production]");
    }

    private static ImpersonationConfig impersonation(String accessAs, String more) throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            proxy.gitLab.always(JOBS, request -> GitLabAnswer.json(200, jobWith(more, agentAs(123, accessAs))));
            assertThat(proxy.get(JOB_TOKEN).status()).isEqualTo(200);
            return impersonation(proxy.agent.next());
        }
    }

    static ImpersonationConfig impersonation(KubernetesAgent.Call call) throws InvalidProtocolBufferException {
        Any extra = call.header().getExtra();
        assertThat(extra.getTypeUrl()).isEqualTo("type.googleapis.com/gitlab.agent.kubernetes_api.rpc.HeaderExtra");
        return extra.unpack(HeaderExtra.class).getImpConfig();
    }

    static List<String> extra(ImpersonationConfig identity) {
        return identity.getExtraList().stream().map(entry -> entry.getKey() + "=" + entry.getValList()).toList();
    }
}
