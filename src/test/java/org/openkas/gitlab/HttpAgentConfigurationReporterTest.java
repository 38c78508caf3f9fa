package org.openkas.gitlab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.GitLabRequestSeen;

class HttpAgentConfigurationReporterTest {
    private static final JsonNode FILE = tree("{\"ci_access\":{\"projects\":[{\"id\":\"group/p\"}]},\"user_access\":{}}");

    private final FakeTimers timers = new FakeTimers();
    private FakeGitLab gitLab;
    private GitLabClient client;
    private HttpAgentConfigurationReporter reporter;

    @BeforeEach
    void open() throws Exception {
        gitLab = FakeGitLab.release19();
        client = GitLabClients.of(gitLab);
        reporter = new HttpAgentConfigurationReporter(client, timers);
    }

    @AfterEach
    void close() {
        client.close();
        gitLab.close();
    }

    @Test
    @DisplayName("GB-26: the whole file, the id as text, no agent token")
    void body() throws Exception {
        reporter.report(123, "abc", FILE);

        GitLabRequestSeen request = gitLab.requests(FakeGitLab.AGENT_CONFIGURATION).getFirst();
        assertThat(tree(request.bodyText())).isEqualTo(
                tree("{\"agent_id\":\"123\",\"agent_config\":{\"ci_access\":{\"projects\":[{\"id\":\"group/p\"}]},\"user_access\":{}}}"));
        assertThat(request.header("Content-Type")).isEqualTo("application/json");
        assertThat(request.headers()).doesNotContainKeys("authorization", "gitlab-agent-api-request", "accept");
    }

    @Test
    @DisplayName("GB-26: a file without content is an empty object")
    void emptyFile() throws Exception {
        reporter.report(123, "abc", tree("null"));
        assertThat(gitLab.requests().getFirst().bodyText()).isEqualTo("{\"agent_id\":\"123\",\"agent_config\":{}}");
    }

    @Test
    void aReportThatWasTakenIsNotRepeatedForTenSeconds() throws Exception {
        reporter.report(1, "abc", FILE);
        timers.advance(Duration.ofMillis(9999));
        reporter.report(1, "abc", FILE);
        assertThat(gitLab.requests()).hasSize(1);
        reporter.report(1, "def", FILE);
        reporter.report(2, "abc", FILE);
        assertThat(gitLab.requests()).hasSize(3);
        timers.advance(Duration.ofMillis(1));
        reporter.report(1, "abc", FILE);
        assertThat(gitLab.requests()).hasSize(4);
    }

    @Test
    @DisplayName("GB-27: a deleted agent is told apart, in one request, and not taken for a report that arrived")
    void deletedAgent() throws Exception {
        gitLab.next(FakeGitLab.AGENT_CONFIGURATION, GitLabAnswer.status(404));
        GitLabException failure = catchThrowableOfType(GitLabException.class, () -> reporter.report(1, "abc", FILE));
        assertThat(failure.kind()).isEqualTo(GitLabException.Kind.NOT_FOUND);
        assertThat(gitLab.requests()).hasSize(1);

        reporter.report(1, "abc", FILE);
        assertThat(gitLab.requests()).hasSize(2);
    }

    @Test
    @DisplayName("GB-27: a GitLab that fails is asked five times")
    void failingGitLab() {
        gitLab.always(FakeGitLab.AGENT_CONFIGURATION, request -> GitLabAnswer.status(500));
        GitLabException failure = catchThrowableOfType(GitLabException.class, () -> reporter.report(1, "abc", FILE));
        assertThat(failure.kind()).isEqualTo(GitLabException.Kind.UNAVAILABLE);
        assertThat(gitLab.requests()).hasSize(5);
    }

    private static JsonNode tree(String json) {
        try {
            return new ObjectMapper().readTree(json);
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }
}
