package org.openkas.gitlab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.GitLabAnswer;

/** Chapter 02 §9.3. */
class HttpAgentEventReportsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Map<String, List<AgentEvent>> EVENTS = Map.of("register_agent_at_kas",
            List.of(new AgentEvent(Map.of("project_id", 2L, "agent_id", 5L), Map.of("agent_version", "v17.1.0", "architecture", ""))),
            "ci", List.of(new AgentEvent(Map.of("user_id", 1L << 40, "project_id", 2L), Map.of()),
                    new AgentEvent(Map.of("user_id", 3L, "project_id", 2L), Map.of())));

    private final FakeGitLab gitLab = FakeGitLab.release19();
    private final GitLabClient client;
    private final HttpAgentEventReports reports;

    HttpAgentEventReportsTest() throws GitLabSetupException {
        client = GitLabClients.of(gitLab);
        reports = new HttpAgentEventReports(client);
    }

    @AfterEach
    void close() {
        client.close();
        gitLab.close();
    }

    @Test
    @DisplayName("plain JSON with numbers as numbers and texts as texts, the server's token and no other")
    void report() throws Exception {
        reports.report(EVENTS, PATIENCE);
        assertThat(gitLab.requests()).singleElement().satisfies(seen -> {
            assertThat(seen.toString()).isEqualTo("POST /api/v4/internal/kubernetes/agent_events");
            assertThat(seen.bodyText()).isEqualTo("""
                    {"events":{"ci":[{"project_id":2,"user_id":1099511627776},{"project_id":2,"user_id":3}],\
                    "register_agent_at_kas":[{"agent_id":5,"project_id":2,"agent_version":"v17.1.0","architecture":""}]}}""");
            assertThat(seen.header("Content-Type")).isEqualTo("application/json");
            assertThat(seen.header("Gitlab-Kas-Api-Request")).isNotEmpty();
            assertThat(seen.headers()).doesNotContainKey("accept").doesNotContainKey("authorization");
        });
    }

    @Test
    @DisplayName("NR-057: one attempt; a GitLab that has no such path is told from others")
    void failure() {
        gitLab.next(FakeGitLab.AGENT_EVENTS, GitLabAnswer.status(404), GitLabAnswer.status(500));
        assertThat(catchThrowableOfType(GitLabException.class, () -> reports.report(EVENTS, PATIENCE)).kind())
                .isEqualTo(GitLabException.Kind.NOT_FOUND);
        assertThat(catchThrowableOfType(GitLabException.class, () -> reports.report(EVENTS, PATIENCE)).kind())
                .isEqualTo(GitLabException.Kind.UNAVAILABLE);
        assertThat(gitLab.requests()).hasSize(2);
    }
}
