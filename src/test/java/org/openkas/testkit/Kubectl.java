package org.openkas.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A stock kubectl with a kubeconfig and a home of its own.
 *
 * @param program the executable
 * @param home a directory for its caches
 */
public record Kubectl(Path program, Path kubeconfig, Path home) {
    private static final int LIMIT_SECONDS = 60;

    /** How kubectl's streams come through HTTP; each kubectl knows one of them best. */
    public enum Streams {
        /** What kubectl speaks from 1.31 on. */
        WEBSOCKET("KUBECTL", "Sec-Websocket-Protocol"),
        /** What kubectl speaks up to 1.29. */
        SPDY("KUBECTL_SPDY", "X-Stream-Protocol-Version");

        private final String variable;
        /** A header that only requests of this kind have. */
        public final String header;

        Streams(String variable, String header) {
            this.variable = variable;
            this.header = header;
        }

        /** The environment variable that names the program, or for the newer one the PATH. */
        public Optional<Path> program() {
            Optional<Path> named = Optional.ofNullable(System.getenv(variable)).filter(text -> !text.isEmpty()).map(Path::of);
            return named.isPresent() || this == SPDY ? named : onPath();
        }

        private static Optional<Path> onPath() {
            return Arrays.stream(System.getenv("PATH").split(":")).map(directory -> Path.of(directory, "kubectl"))
                    .filter(Files::isExecutable).findFirst();
        }

        /** Why tests are skipped. */
        public String missing() {
            return variable + " names no kubectl that speaks " + this + (this == WEBSOCKET ? ", and there is none on the PATH" : "");
        }
    }

    /** What a command that ended left behind. */
    public record Result(int exit, byte[] bytes, String err) {
        /** Standard output as text. */
        public String out() {
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    /** Runs a command to its end, which has to be good: its standard output. */
    public String out(String... arguments) throws IOException, InterruptedException {
        Result result = run(new byte[0], arguments);
        assertThat(result.exit()).as("kubectl %s%n%s%s", String.join(" ", arguments), result.out(), result.err()).isZero();
        return result.out();
    }

    /** Runs a command to its end with these bytes as standard input. */
    public Result run(byte[] in, String... arguments) throws IOException, InterruptedException {
        Path err = Files.createTempFile(home, "err", "");
        ProcessBuilder builder = new ProcessBuilder(command(arguments)).redirectError(err.toFile());
        builder.environment().putAll(environment());
        Process process = builder.start();
        try {
            Thread.ofVirtual().start(() -> feed(in, process));
            Thread.ofVirtual().start(() -> endLate(process));
            byte[] out = process.getInputStream().readAllBytes();
            return new Result(process.waitFor(), out, Files.readString(err));
        } finally {
            process.destroyForcibly();
        }
    }

    private static void feed(byte[] in, Process process) {
        try (OutputStream out = process.getOutputStream()) {
            new ByteArrayInputStream(in).transferTo(out);
        } catch (IOException e) {
            // it ended before it had read everything
        }
    }

    private static void endLate(Process process) {
        try {
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
        }
    }

    /** Starts a command that goes on until it is closed. */
    public Program start(String... arguments) throws IOException {
        return Program.run(command(arguments), environment());
    }

    private List<String> command(String... arguments) {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        return command;
    }

    private Map<String, String> environment() {
        return Map.of("KUBECONFIG", kubeconfig.toString(), "HOME", home.toString());
    }
}
