package org.openkas.gitlab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.grpc.StatusException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.cluster.ErrorCache;
import org.openkas.cluster.MemoryErrorCache;
import org.openkas.common.AgentToken;
import org.openkas.common.LogLevel;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.GitLabRequestSeen;
import org.openkas.testkit.RecordedLog;

class ProjectAccessTest {
    private static final String PATH = "/internal/kubernetes/verify_project_access";
    private static final AgentToken TOKEN = AgentToken.ofAgentk("token");

    private final FakeTimers timers = new FakeTimers();
    private final RecordedLog log = new RecordedLog();
    private final FakeGitLab gitLab = FakeGitLab.release19();
    private final MemoryErrorCache errors = new MemoryErrorCache(timers);
    private final GitLabClient client;
    private final CachedProjectAccessSource source;

    ProjectAccessTest() throws GitLabSetupException {
        client = GitLabClients.of(gitLab);
        source = new CachedProjectAccessSource(new HttpProjectAccessSource(client), errors, Duration.ofMinutes(10), timers, Runnable::run,
                log.log());
    }

    @AfterEach
    void close() {
        client.close();
        gitLab.close();
    }

    private void answers(int status) {
        gitLab.always(PATH, request -> GitLabAnswer.status(status));
    }

    @Test
    @DisplayName("GB-60: the request carries the path of the project, and the agent's token as each release looks for it")
    void request() throws Exception {
        answers(204);
        assertThat(source.mayAccess(TOKEN, "bla/föö")).isTrue();
        GitLabRequestSeen seen = gitLab.requests(PATH).getFirst();
        assertThat(seen.method()).isEqualTo("GET");
        assertThat(seen.query()).isEqualTo("id=bla%2Ff%C3%B6%C3%B6");
        assertThat(seen.header("Authorization")).isEqualTo("Bearer token");
        assertThat(seen.header("Gitlab-Agent-Api-Request")).isEqualTo("token");
        assertThat(seen.header("Gitlab-Agentk-Api-Request")).isEqualTo("token");
        assertThat(seen.header("Gitlab-Kas-Api-Request")).isNotEmpty();
        assertThat(seen.headers()).doesNotContainKey("accept").doesNotContainKey("content-type");
    }

    @ParameterizedTest
    @CsvSource({"200, true", "204, true", "401, false", "403, false", "404, false"})
    @DisplayName("GB-21, GB-39: both answers serve for five minutes, of one project and token, and no error is remembered")
    void remembered(int status, boolean access) throws Exception {
        answers(status);
        assertThat(source.mayAccess(TOKEN, "g/p")).isEqualTo(access);
        assertThat(errors.find(ErrorCache.Lookup.PROJECT_ACCESS,
                ByteString.copyFrom(TOKEN.key()).concat(ByteString.copyFromUtf8(":g/p")))).isEmpty();
        answers(access ? 404 : 204);
        timers.advance(Duration.ofMinutes(5).minusMillis(1));
        assertThat(source.mayAccess(TOKEN, "g/p")).isEqualTo(access);
        assertThat(gitLab.requests(PATH)).hasSize(1);
        assertThat(source.mayAccess(TOKEN, "g/q")).isEqualTo(!access);
        assertThat(source.mayAccess(AgentToken.ofAgentk("other"), "g/p")).isEqualTo(!access);
        timers.advance(Duration.ofMillis(1));
        assertThat(source.mayAccess(TOKEN, "g/p")).isEqualTo(!access);
        assertThat(gitLab.requests(PATH)).hasSize(4);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 500, 201, 302})
    @DisplayName("GB-21: other answers are failures, asked for once and reported once")
    void fails(int status) {
        answers(status);
        ProjectAccessLookup lookup = new ProjectAccessLookup(source);
        assertThatThrownBy(() -> lookup.mayAccess(TOKEN, "g/p", log.log())).isInstanceOf(StatusException.class)
                .hasMessage("UNAVAILABLE: unavailable");
        assertThat(gitLab.requests(PATH)).hasSize(1);
        assertThat(log.lines("VerifyProjectAccess()")).singleElement().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.ERROR);
            assertThat(line.fields()).containsEntry("error",
                    "HTTP status code: " + status + " for path /api/v4/internal/kubernetes/verify_project_access");
        });
    }
}
