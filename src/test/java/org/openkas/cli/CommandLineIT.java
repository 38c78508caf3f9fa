package org.openkas.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.testkit.RunningDistribution;

/** The program of the built distribution where it does not become a server. */
class CommandLineIT {
    @TempDir
    Path directory;

    private void aborts(String text, Map<String, String> environment, String... arguments) throws Exception {
        try (RunningDistribution run = RunningDistribution.start(RunningDistribution.HOME, environment, arguments)) {
            assertThat(run.exit()).isEqualTo(1);
            assertThat(run.err()).containsExactly("Program aborted: " + text);
            assertThat(run.out()).isEmpty();
        }
    }

    private static List<String> prints(String flag) throws Exception {
        try (RunningDistribution run = RunningDistribution.start(RunningDistribution.HOME, Map.of(), flag)) {
            assertThat(run.exit()).isZero();
            assertThat(run.err()).isEmpty();
            return run.out();
        }
    }

    @Test
    @DisplayName("CO-1 without a flag the program aborts with status 1")
    void noFlag() throws Exception {
        aborts("required flag(s) \"configuration-file\" not set", Map.of());
    }

    @Test
    @DisplayName("CO-2 the version is one line on standard output")
    void version() throws Exception {
        assertThat(prints("--version")).singleElement().asString()
                .matches("kas version v\\d+\\.\\d+\\.\\d+\\S*, commit: [0-9a-f]{8,}, built: \\d{8}\\.\\d{6}");
    }

    @Test
    void help() throws Exception {
        assertThat(prints("-h")).anyMatch(line -> line.contains("--configuration-file"))
                .anyMatch(line -> line.contains("OPENKAS_WORK_DIR"));
    }

    @Test
    @DisplayName("CO-3 a missing configuration file is named")
    void missingFile() throws Exception {
        aborts("configuration file: open /no/such.yaml: no such file or directory", Map.of(), "--configuration-file", "/no/such.yaml");
    }

    @Test
    @DisplayName("CO-16 a missing secret is named before anything is started")
    void missingSecret() throws Exception {
        Path file = Files.writeString(directory.resolve("kas.yaml"), """
                gitlab: {address: "http://localhost", authentication_secret_file: /no/secret}
                redis: {server: {address: "localhost:1"}}
                api: {listen: {authentication_secret_file: /no/secret}}
                private_api: {listen: {authentication_secret_file: /no/secret}}
                """);
        aborts("authentication secret: read file: read file: open /no/secret: no such file or directory", Map.of(),
                "--configuration-file=" + file);
    }

    @Test
    void aPortThatIsNone() throws Exception {
        aborts("OPENKAS_HTTP_PORT: \"http\" is not a port: use a number from 1 to 65535, or empty text to switch the port off",
                Map.of("OPENKAS_HTTP_PORT", "http"), "--configuration-file=" + RunningDistribution.standalone(directory, ""));
    }

    @Test
    @DisplayName("CO-46 a busy port of the API listener ends the start, in the reference's words")
    void busyPort() throws Exception {
        Path secret = Files.writeString(directory.resolve("secret"), Base64.getEncoder().encodeToString(new byte[32]));
        try (ServerSocket busy = new ServerSocket()) {
            busy.bind(new InetSocketAddress("127.0.0.1", 0));
            String address = "127.0.0.1:" + busy.getLocalPort();
            Path file = RunningDistribution.standalone(directory, """
                    agent: {listen: {address: "127.0.0.1:0", listen_grace_period: 0.01s}}
                    api: {listen: {address: "%s", authentication_secret_file: %s, listen_grace_period: 0.01s}}
                    observability: {listen: {address: "127.0.0.1:0"}, logging: {level: error}}
                    """.formatted(address, secret));
            aborts("listen tcp " + address + ": bind: address already in use", Map.of(), "--configuration-file=" + file);
        }
    }

    @Test
    @DisplayName("Without a JDK 25 the program says what it found")
    void wrongJava() throws Exception {
        Path jdk = Files.createDirectories(directory.resolve("jdk"));
        Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"17.0.1\"\n");
        Files.createDirectories(jdk.resolve("bin"));
        assertThat(Files.writeString(jdk.resolve("bin/java"), "#!/bin/sh\nexit 3\n").toFile().setExecutable(true)).isTrue();
        Path home = Files.createDirectories(directory.resolve("home/bin")).getParent();
        // the same program without the places where this machine may have a JDK
        String script = Files.readString(RunningDistribution.HOME.resolve("bin/openkas"))
                .replaceAll("/usr/lib/jvm/\\S+ /opt/\\S+ /opt/\\S+;", ";");
        assertThat(Files.writeString(home.resolve("bin/openkas"), script).toFile().setExecutable(true)).isTrue();
        try (RunningDistribution run = RunningDistribution.start(home, Map.of("JAVA_HOME", jdk.toString(), "PATH", tools()), "--version")) {
            assertThat(run.exit()).isEqualTo(1);
            assertThat(run.err()).containsExactly("Program aborted: OpenKAS needs a JDK 25; found Java 17.0.1 in " + jdk
                    + ". Install one, or set JAVA_HOME to it.");
        }
    }

    /** A directory with what the program uses of a system, and no Java. */
    private String tools() throws IOException {
        Path tools = Files.createDirectories(directory.resolve("tools"));
        for (String tool : List.of("dirname", "readlink", "sed")) {
            Files.createSymbolicLink(tools.resolve(tool),
                    List.of(Path.of("/usr/bin", tool), Path.of("/bin", tool)).stream().filter(Files::exists)
                            .findFirst().orElseThrow());
        }
        return tools.toString();
    }
}
