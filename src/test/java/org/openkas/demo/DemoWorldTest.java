package org.openkas.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Random;
import org.eclipse.jgit.api.Git;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.common.AgentToken;
import org.openkas.common.Log;
import org.openkas.standalone.StandaloneAgents;
import org.openkas.testkit.FakeTimers;

class DemoWorldTest {
    private static final Instant NOW = Instant.parse("2026-03-01T10:00:00Z");

    @TempDir
    Path directory;

    @Test
    void theServerFindsTheDemoAgentByItsToken() throws Exception {
        DemoWorld world = DemoWorld.in(directory.resolve("demo"), new Random(1), NOW);
        try (StandaloneAgents agents = StandaloneAgents.open(world.agentsFile(), new FakeTimers(), Log.none(), token -> {
        })) {
            assertThat(agents.agentInfo(AgentToken.ofAgentk(world.token())).agentName()).isEqualTo("demo");
        }
        assertThat(Files.readString(world.serverConfiguration())).contains("agents_file: " + world.agentsFile());
    }

    @Test
    void theRepositoryHasOneCommitWithTheConfigurationOnMain() throws Exception {
        DemoWorld world = DemoWorld.in(directory.resolve("demo"), new Random(1), NOW);
        try (Git git = Git.open(world.repository().toFile())) {
            assertThat(git.getRepository().getFullBranch()).isEqualTo("refs/heads/main");
            assertThat(git.log().call()).hasSize(1);
            assertThat(git.status().call().isClean()).isTrue();
        }
    }

    @Test
    void anExistingWorldIsKept() throws Exception {
        DemoWorld world = DemoWorld.in(directory.resolve("demo"), new Random(1), NOW);
        String token = world.token();
        Files.writeString(world.agentConfiguration(), "# mine\n");
        DemoWorld again = DemoWorld.in(directory.resolve("demo"), new Random(2), NOW);
        assertThat(again.token()).isEqualTo(token);
        assertThat(Files.readString(again.agentConfiguration())).isEqualTo("# mine\n");
    }
}
