package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.testkit.Program;
import org.openkas.testkit.RunningDistribution;

/** kubectl as README shows it: the distribution's demo on free ports, through the kubeconfig that the demo writes. */
class KubectlIT extends KubectlContract {
    @TempDir
    static Path directory;

    private Program demo;

    @BeforeAll
    void begin() throws Exception {
        String anyPort = "127.0.0.1:0";
        demo = Program.run(List.of(RunningDistribution.HOME.resolve("bin/openkas").toString(), "--demo=" + directory.resolve("demo")),
                Map.of("JAVA_HOME", System.getProperty("java.home"), "OPENKAS_HTTP_PORT", "", "OPENKAS_AGENT_LISTEN_ADDRESS", anyPort,
                        "OPENKAS_AGENT_KUBERNETES_API_LISTEN_ADDRESS", anyPort, "OPENKAS_OBSERVABILITY_LISTEN_ADDRESS", anyPort));
        demo.awaitOut("End the demo", Duration.ofSeconds(120));
    }

    @AfterAll
    void end() {
        demo.close();
    }

    @Override
    Path kubeconfig() {
        return directory.resolve("demo/kubeconfig");
    }

    @Test
    void theTerminalNamesTheKubeconfigWhichIsTheOwnersAlone() throws Exception {
        assertThat(demo.out()).anyMatch(line -> line.strip().equals("export KUBECONFIG=" + kubeconfig()))
                .anyMatch(line -> line.strip().equals("kubectl get pods -w"))
                .anyMatch(line -> line.strip().equals("kubectl logs -f clock"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(kubeconfig()))).isEqualTo("rw-------");
        assertNoErrors(demo.err());
    }
}
