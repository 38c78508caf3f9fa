package org.openkas.reversetunnel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Lincheck switches between threads at every access to shared state, in many ways, and compares what the operations gave with
 * every order of them. In a process of its own, since it instruments classes.
 */
@Timeout(600)
class TunnelRegistryLinearizableTest {
    @TempDir
    Path directory;

    @Test
    @DisplayName("The registry is linearizable: what operations of several threads give, some order of them gives")
    void registry() throws Exception {
        check(RegistryOperations.class);
    }

    @Test
    @DisplayName("A tunnel that ends while it is given back is not idle afterwards, and ends once")
    void tunnel() throws Exception {
        check(TunnelOperations.class);
    }

    private void check(Class<?> operations) throws Exception {
        Path output = directory.resolve("output");
        Process process = new ProcessBuilder(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+EnableDynamicAgentLoading", "-cp", System.getProperty("java.class.path"), operations.getName()))
                .redirectErrorStream(true).redirectOutput(output.toFile()).start();
        try {
            boolean ended = process.waitFor(290, TimeUnit.SECONDS);
            assertThat(ended).as(Files.readString(output)).isTrue();
            assertThat(process.exitValue()).as(Files.readString(output)).isZero();
        } finally {
            process.destroyForcibly();
        }
    }
}
