package org.openkas.gitlab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.GitLabRequestSeen;

class HttpUsageReportsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final FakeGitLab gitLab = FakeGitLab.release19();
    private final GitLabClient client;

    HttpUsageReportsTest() throws GitLabSetupException {
        client = GitLabClients.of(gitLab);
    }

    @AfterEach
    void close() {
        client.close();
        gitLab.close();
    }

    @Test
    @DisplayName("GB-56: plain JSON with numbers as numbers, the server's token and no other")
    void report() throws Exception {
        new HttpUsageReports(client).report(Map.of("gitops_sync", 3L, "big", 1L << 40), Map.of("users", Set.of(12L, 7L)), PATIENCE);
        assertThat(gitLab.requests()).singleElement().satisfies(seen -> {
            assertThat(seen.toString()).isEqualTo("POST /api/v4/internal/kubernetes/usage_metrics");
            assertThat(seen.bodyText())
                    .isEqualTo("{\"counters\":{\"big\":1099511627776,\"gitops_sync\":3},\"unique_counters\":{\"users\":[7,12]}}");
            assertThat(seen.header("Content-Type")).isEqualTo("application/json");
            assertThat(seen.header("Gitlab-Kas-Api-Request")).isNotEmpty();
            assertThat(seen.headers()).doesNotContainKey("accept").doesNotContainKey("authorization");
        });
    }

    @Test
    @DisplayName("GB-56: members without content are left out")
    void parts() throws Exception {
        HttpUsageReports reports = new HttpUsageReports(client);
        reports.report(Map.of("a", 1L), Map.of(), PATIENCE);
        reports.report(Map.of(), Map.of("b", Set.of(1L)), PATIENCE);
        assertThat(gitLab.requests().stream().map(GitLabRequestSeen::bodyText)).containsExactly("{\"counters\":{\"a\":1}}",
                "{\"unique_counters\":{\"b\":[1]}}");
    }

    @Test
    @DisplayName("GB-57: one attempt")
    void failure() {
        gitLab.next(FakeGitLab.USAGE_METRICS, GitLabAnswer.status(500));
        assertThatThrownBy(() -> new HttpUsageReports(client).report(Map.of("a", 1L), Map.of(), PATIENCE))
                .hasMessage("HTTP status code: 500 for path /api/v4/internal/kubernetes/usage_metrics");
        assertThat(gitLab.requests()).hasSize(1);
    }
}
