package org.openkas.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.testkit.RunningDistribution;

/** {@code openkas kubeconfig} of the built distribution. */
class KubeconfigIT {
    @TempDir
    Path directory;

    private RunningDistribution kubeconfig(String user) throws Exception {
        Path agents = Files.writeString(directory.resolve("agents.yaml"), """
                agents: [{name: a, id: 3, token: secret-a, repository: r}]
                users: [{name: ada, token: ada-token, agents: [a]}]
                """);
        Path file = Files.writeString(directory.resolve("kas.yaml"),
                "standalone: {agents_file: %s}\nagent: {kubernetes_api: {}}\n".formatted(agents));
        return RunningDistribution.start(RunningDistribution.HOME, Map.of(), "kubeconfig", "--configuration-file=" + file,
                "--user=" + user, "--agent=a", "--server=https://kas.example");
    }

    @Test
    void itIsAllThatIsPrinted() throws Exception {
        try (RunningDistribution run = kubeconfig("ada")) {
            assertThat(run.exit()).isZero();
            assertThat(run.err()).isEmpty();
            assertThat(String.join("\n", run.out())).startsWith("apiVersion: v1\n").contains("server: https://kas.example\n",
                    "token: pat:3:ada-token\n");
        }
    }

    @Test
    void whyThereIsNoneIsOneLine() throws Exception {
        try (RunningDistribution run = kubeconfig("eve")) {
            assertThat(run.exit()).isEqualTo(1);
            assertThat(run.out()).isEmpty();
            assertThat(run.err()).containsExactly("Program aborted: kubeconfig: agents file " + directory.resolve("agents.yaml")
                    + ": there is no user \"eve\"; known are ada");
        }
    }
}
