package org.openkas.jgit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.eclipse.jgit.util.FS;
import org.eclipse.jgit.util.SystemReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.testkit.TestRepository;

class HostIndependentGitTest {
    @TempDir
    Path temporary;

    @Test
    void aBrokenHomeChangesNothing() throws Exception {
        Path home = Files.createDirectory(temporary.resolve("home"));
        Files.writeString(home.resolve(".gitconfig"), "[broken");
        Files.createDirectories(home.resolve(".config/jgit/config"));
        String before = System.getProperty("user.home");
        System.setProperty("user.home", home.toString());
        try (TestRepository project = TestRepository.create(temporary.resolve("p.git"))) {
            project.commit("main", Map.of("f", "1"));
            assertThat(new JGitRepositoryReader(temporary.resolve("w"))
                    .resolve(LocalJGitRepositoryReaderContractTest.at(project.directory().toString()), "HEAD")).isNotNull();
            assertThat(SystemReader.getInstance().openUserConfig(null, FS.DETECTED).getString("core", null, "trustStat"))
                    .isEqualTo("never");
        } finally {
            System.setProperty("user.home", before);
        }
    }

    @Test
    void installingAgainChangesNothing() {
        HostIndependentGit.install();
        SystemReader first = SystemReader.getInstance();
        HostIndependentGit.install();
        assertThat(SystemReader.getInstance()).isSameAs(first);
        assertThat(first.getenv("GIT_SSH")).isNotEmpty();
        assertThat(first.getenv("PATH")).isEqualTo(System.getenv("PATH"));
    }
}
