package org.openkas.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.gitlab.GitLabException;
import org.openkas.gitlab.ProjectInfo;
import org.openkas.gitlab.ProjectInfoSource;

/** What every {@link ProjectInfoSource} does. */
public abstract class ProjectInfoSourceContract {
    private static final AgentToken KNOWN = AgentToken.ofAgentk("known-token");

    /** A source that tells the bearer of {@code known-token} where project 7, {@code group/project}, is, and of no other. */
    protected abstract ProjectInfoSource source() throws Exception;

    @ParameterizedTest
    @CsvSource({"group/project", "7"})
    void knowsTheProject(String name) throws Exception {
        ProjectInfo info = source().projectInfo(KNOWN, name);
        assertThat(info.projectId()).isEqualTo(7);
        assertThat(info.repository().getGlProjectPath()).isEqualTo("group/project");
        assertThat(info.gitaly().getAddress()).isNotEmpty();
    }

    @ParameterizedTest
    @CsvSource({"group/other", "group", "group/project/", "Group/project", "8"})
    void anotherProjectIsNotFound(String name) throws Exception {
        ProjectInfoSource source = source();
        assertThat(catchThrowableOfType(GitLabException.class, () -> source.projectInfo(KNOWN, name)).kind())
                .isEqualTo(GitLabException.Kind.NOT_FOUND);
    }

    @Test
    void anotherTokenIsRefused() throws Exception {
        ProjectInfoSource source = source();
        source.projectInfo(KNOWN, "group/project");
        for (AgentToken token : new AgentToken[]{AgentToken.ofAgentk("other-token"), new AgentToken(AgentType.RUNNER, "known-token"),
                AgentToken.ofAgentk("un\nsendable")}) {
            assertThat(catchThrowableOfType(GitLabException.class, () -> source.projectInfo(token, "group/project")).kind())
                    .isEqualTo(GitLabException.Kind.UNAUTHORIZED);
        }
    }
}
