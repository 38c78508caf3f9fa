package org.openkas.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.api.Test;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.gitlab.AgentInfo;
import org.openkas.gitlab.AgentInfoSource;
import org.openkas.gitlab.GitLabException;

/** What every {@link AgentInfoSource} does. */
public abstract class AgentInfoSourceContract {

    /**
     * A source that knows, by token {@code known-token}, agent 42 of project 7 {@code group/project} with default branch
     * {@code main}.
     */
    protected abstract AgentInfoSource source() throws Exception;

    @Test
    void knowsTheAgent() throws Exception {
        AgentInfo info = source().agentInfo(AgentToken.ofAgentk("known-token"));

        assertThat(info.type()).isEqualTo(AgentType.AGENTK);
        assertThat(info.agentId()).isEqualTo(42);
        assertThat(info.projectId()).isEqualTo(7);
        assertThat(info.projectPath()).isEqualTo("group/project");
        assertThat(info.defaultBranch()).isEqualTo("main");
        assertThat(info.agentName()).isNotEmpty();
        assertThat(info.gitaly().getAddress()).isNotEmpty();
    }

    @Test
    void refusesUnknownTokensAgainAndAgain() throws Exception {
        AgentInfoSource source = source();
        for (int attempt = 0; attempt < 3; attempt++) {
            GitLabException failure = catchThrowableOfType(GitLabException.class,
                    () -> source.agentInfo(AgentToken.ofAgentk("other-token")));
            assertThat(failure.kind()).isEqualTo(GitLabException.Kind.UNAUTHORIZED);
            assertThat(failure.getMessage()).doesNotContain("other-token");
        }
    }

    @Test
    void aTokenOfAnotherKindIsAnotherToken() throws Exception {
        AgentInfoSource source = source();
        GitLabException failure = catchThrowableOfType(GitLabException.class,
                () -> source.agentInfo(new AgentToken(AgentType.RUNNER, "known-token")));
        assertThat(failure.kind()).isEqualTo(GitLabException.Kind.UNAUTHORIZED);
        assertThat(source.agentInfo(AgentToken.ofAgentk("known-token")).agentId()).isEqualTo(42);
    }
}
