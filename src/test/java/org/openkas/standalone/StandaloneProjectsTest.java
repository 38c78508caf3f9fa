package org.openkas.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.common.AgentToken;
import org.openkas.gitlab.ProjectInfoSource;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.ProjectInfoSourceContract;
import org.openkas.testkit.RecordedLog;

class StandaloneProjectsTest extends ProjectInfoSourceContract {
    @TempDir
    Path directory;
    private StandaloneAgents agents;

    @Override
    protected ProjectInfoSource source() throws Exception {
        Path file = Files.writeString(directory.resolve("agents.yaml"), """
                agents:
                - {name: a, id: 7, token: known-token, repository: r.git, project: group/project}
                - {name: b, id: 8, token: b-token, repository: s.git, project: group/other}
                """);
        agents = StandaloneAgents.open(file, new FakeTimers(), new RecordedLog().log(), token -> {
        });
        return new StandaloneProjects(agents);
    }

    @AfterEach
    void close() {
        agents.close();
    }

    @Test
    void aProjectIsWhereTheAgentsConfigurationIs() throws Exception {
        assertThat(source().projectInfo(AgentToken.ofAgentk("b-token"), "group/other").gitaly().getAddress())
                .isEqualTo("jgit:" + directory.resolve("s.git"));
    }
}
