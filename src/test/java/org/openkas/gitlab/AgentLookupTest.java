package org.openkas.gitlab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.Status;
import io.grpc.StatusException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openkas.common.AgentToken;
import org.openkas.common.LogLevel;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RecordedLog;

class AgentLookupTest {
    private static final AgentToken TOKEN = AgentToken.ofAgentk("secret-token");

    private final ScriptedSource gitLab = new ScriptedSource(new FakeTimers());
    private final RecordedLog log = new RecordedLog();
    private final AgentLookup lookup = new AgentLookup(gitLab);

    @ParameterizedTest
    @DisplayName("GB-19, AG-27: what GitLab says becomes a status; only failures make a line")
    @CsvSource(textBlock = """
            401, UNAUTHENTICATED,   unauthenticated,  0
            403, PERMISSION_DENIED, forbidden,        0
            404, NOT_FOUND,         agent not found,  0
            500, UNAVAILABLE,       unavailable,      1
            502, UNAVAILABLE,       unavailable,      1
            503, UNAVAILABLE,       unavailable,      1
            302, UNAVAILABLE,       unavailable,      1
            400, UNAVAILABLE,       unavailable,      1
            """)
    void statuses(int http, Status.Code code, String description, int lines) {
        gitLab.fail(http);
        StatusException failure = catchThrowableOfType(StatusException.class,
                () -> lookup.identify(TOKEN, log.log().with("grpc_method", "m")));

        assertThat(failure.getStatus().getCode()).isEqualTo(code);
        assertThat(failure.getStatus().getDescription()).isEqualTo(description);
        assertThat(AgentLookup.retriable(failure.getStatus())).isEqualTo(code == Status.Code.UNAVAILABLE);
        assertThat(log.lines()).hasSize(lines).allSatisfy(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.ERROR);
            assertThat(line.message()).isEqualTo("GetAgentInfo()");
            assertThat(line.fields()).containsEntry("grpc_method", "m").containsEntry("error",
                    "HTTP status code: " + http + " for path /api/v4/internal/kubernetes/agent_info");
        });
    }

    @Test
    void aRememberedFailureMakesNoLine() {
        gitLab.behave(token -> {
            throw GitLabException.status(500, "/p", "").again();
        });
        assertThatThrownBy(() -> lookup.identify(TOKEN, log.log())).isInstanceOf(StatusException.class);
        assertThat(log.lines()).isEmpty();
    }

    @Test
    @DisplayName("GB-16: a caller that gives up makes no line")
    void cancelled() {
        gitLab.behave(token -> {
            throw new InterruptedException();
        });
        assertThatThrownBy(() -> lookup.identify(TOKEN, log.log())).isInstanceOf(InterruptedException.class);
        assertThat(log.lines()).isEmpty();
        assertThat(AgentLookup.CANCELLED.getCode()).isEqualTo(Status.Code.CANCELLED);
        assertThat(AgentLookup.CANCELLED.getDescription()).isEqualTo("context canceled");
    }
}
