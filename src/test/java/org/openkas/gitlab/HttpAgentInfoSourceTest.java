package org.openkas.gitlab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.params.ParameterizedTest;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.common.Log;
import org.openkas.gitlab.GitLabException.Kind;
import org.openkas.testkit.AgentInfoSourceContract;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.GitLabAnswer;

class HttpAgentInfoSourceTest extends AgentInfoSourceContract {
    private static final AgentToken TOKEN = AgentToken.ofAgentk("known-token");

    private final FakeTimers timers = new FakeTimers();
    private final List<AutoCloseable> opened = new ArrayList<>();
    private FakeGitLab gitLab;

    @Override
    protected AgentInfoSource source() throws Exception {
        return source(FakeGitLab.release19());
    }

    private HttpAgentInfoSource source(FakeGitLab fake) throws Exception {
        gitLab = fake;
        gitLab.agent("known-token", 42, 7, "group/project");
        GitLabClient client = GitLabClients.of(gitLab);
        opened.add(client);
        opened.add(gitLab);
        return new HttpAgentInfoSource(client, timers, Log.none());
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : opened) {
            one.close();
        }
    }

    @Test
    @DisplayName("NR-001: GitLab 19 is asked once, without Authorization")
    void release19() throws Exception {
        source(FakeGitLab.release19()).agentInfo(TOKEN);

        assertThat(gitLab.requests()).hasSize(1);
        assertThat(gitLab.requests(FakeGitLab.AGENT_INFO).getFirst().headers())
                .doesNotContainKeys("authorization", "gitlab-agentk-api-request")
                .containsEntry("gitlab-agent-api-request", List.of("known-token"));
    }

    @Test
    @DisplayName("NR-002: GitLab 16 costs one request to the new path, also when many agents come at once")
    void release16() throws Exception {
        HttpAgentInfoSource source = source(FakeGitLab.release16());
        List<Future<AgentInfo>> infos = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int agent = 0; agent < 100; agent++) {
                infos.add(threads.submit(() -> source.agentInfo(TOKEN)));
            }
        }
        for (Future<AgentInfo> info : infos) {
            assertThat(info.get().agentId()).isEqualTo(42);
        }
        for (int agent = 0; agent < 100; agent++) {
            source.agentInfo(TOKEN);
        }
        assertThat(gitLab.requests(FakeGitLab.AGENT_INFO)).hasSize(1);
        assertThat(gitLab.requests(FakeGitLab.OLD_AGENT_INFO)).hasSize(200);
        assertThat(gitLab.requests(FakeGitLab.OLD_AGENT_INFO).getFirst().header("Authorization")).isEqualTo("Bearer known-token");
    }

    @Test
    @DisplayName("chapter 07 §5.3: an old GitLab is tried anew after an hour, by one caller")
    void looksAgain() throws Exception {
        HttpAgentInfoSource source = source(FakeGitLab.release16());
        source.agentInfo(TOKEN);
        timers.advance(Duration.ofMinutes(59));
        source.agentInfo(TOKEN);
        assertThat(gitLab.requests(FakeGitLab.AGENT_INFO)).hasSize(1);
        timers.advance(Duration.ofMinutes(1));
        source.agentInfo(TOKEN);
        source.agentInfo(TOKEN);
        assertThat(gitLab.requests(FakeGitLab.AGENT_INFO)).hasSize(2);

        gitLab.upgradeTo19();
        timers.advance(Duration.ofMinutes(60));
        source.agentInfo(TOKEN);
        source.agentInfo(TOKEN);
        assertThat(gitLab.requests(FakeGitLab.AGENT_INFO)).hasSize(4);
        assertThat(gitLab.requests(FakeGitLab.OLD_AGENT_INFO)).hasSize(4);
    }

    @Test
    @DisplayName("NR-003: GitLab 16 becomes GitLab 19 while the server runs")
    void upgrade() throws Exception {
        HttpAgentInfoSource source = source(FakeGitLab.release16());
        source.agentInfo(TOKEN);
        gitLab.upgradeTo19();

        assertThat(source.agentInfo(TOKEN).agentId()).isEqualTo(42);
        source.agentInfo(TOKEN);
        assertThat(gitLab.requests(FakeGitLab.OLD_AGENT_INFO)).hasSize(2);
        assertThat(gitLab.requests(FakeGitLab.AGENT_INFO)).hasSize(3);
    }

    @Test
    @DisplayName("NR-004: a 401 of the new path stands")
    void badToken() throws Exception {
        HttpAgentInfoSource source = source(FakeGitLab.release19());
        assertThat(failure(source, AgentToken.ofAgentk("x")).kind()).isEqualTo(Kind.UNAUTHORIZED);
        assertThat(gitLab.requests(FakeGitLab.OLD_AGENT_INFO)).isEmpty();
    }

    @Test
    @DisplayName("NR-005: a 503 of the new path stands, and nothing is concluded from it")
    void unavailable() throws Exception {
        HttpAgentInfoSource source = source(FakeGitLab.release16());
        gitLab.next(FakeGitLab.AGENT_INFO, GitLabAnswer.status(503));
        assertThat(failure(source, TOKEN).kind()).isEqualTo(Kind.UNAVAILABLE);
        assertThat(gitLab.requests(FakeGitLab.OLD_AGENT_INFO)).isEmpty();

        assertThat(source.agentInfo(TOKEN).agentId()).isEqualTo(42);
    }

    @Test
    @DisplayName("chapter 07 §5.3: 404 from both paths is a 404")
    void nowhere() throws Exception {
        HttpAgentInfoSource source = source(FakeGitLab.release16());
        gitLab.always(FakeGitLab.OLD_AGENT_INFO, request -> GitLabAnswer.json(404, "{}"));
        assertThat(failure(source, TOKEN)).hasMessage("HTTP status code: 404 for path /api/v4/internal/kubernetes/agent_info");
    }

    @Test
    void manyFirstCallsToAGitLabThatFailsAreOne() throws Exception {
        HttpAgentInfoSource source = source(FakeGitLab.release19());
        gitLab.always(FakeGitLab.AGENT_INFO, request -> GitLabAnswer.status(502).after(Duration.ofMillis(300)));
        List<Future<GitLabException>> failures = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int agent = 0; agent < 30; agent++) {
                AgentToken token = AgentToken.ofAgentk("token-" + agent);
                failures.add(threads.submit(() -> failure(source, token)));
            }
        }
        for (Future<GitLabException> failure : failures) {
            assertThat(failure.get()).hasMessage("HTTP status code: 502 for path /api/v4/internal/agents/agentk/agent_info");
        }
        assertThat(gitLab.requests()).hasSizeLessThanOrEqualTo(2);
    }

    @Test
    @DisplayName("NR-016: a runner's token is never asked for at the agents' path")
    void runners() throws Exception {
        HttpAgentInfoSource source = source(FakeGitLab.release19());
        assertThat(failure(source, new AgentToken(AgentType.RUNNER, "known-token")).kind()).isEqualTo(Kind.UNAUTHORIZED);
        assertThat(gitLab.requests()).isEmpty();
    }

    private static GitLabException failure(AgentInfoSource source, AgentToken token) {
        return catchThrowableOfType(GitLabException.class, () -> source.agentInfo(token));
    }

    @ParameterizedTest
    @ValueSource(strings = {"known-token\n", "known-token\r\nX: y", "known\u0000token", "t\u00f6ken", "\ufffd"})
    @DisplayName("A token that no header can carry is refused without asking, and shown to nobody")
    void unsendableToken(String token) throws Exception {
        HttpAgentInfoSource source = source(FakeGitLab.release16());
        assertThatThrownBy(() -> source.agentInfo(AgentToken.ofAgentk(token)))
                .isInstanceOfSatisfying(GitLabException.class, refusal -> {
                    assertThat(refusal.kind()).isEqualTo(GitLabException.Kind.UNAUTHORIZED);
                    assertThat(refusal).hasNoCause();
                    assertThat(refusal.toString()).doesNotContain(token);
                });
        assertThat(gitLab.requests()).isEmpty();
        assertThat(source.agentInfo(TOKEN).agentId()).as("the older path is still found").isEqualTo(42);
    }
}
