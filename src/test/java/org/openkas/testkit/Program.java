package org.openkas.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A process whose output a test follows: the built server, or a stock agent. Ended by force when closed. Thread-safe. */
public final class Program implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path DISTRIBUTION = Path.of(System.getProperty("openkas.distribution", "target/openkas")).toAbsolutePath();

    private final Process process;
    private final TextLines out;
    private final TextLines err;

    private Program(Process process) {
        this.process = process;
        out = new TextLines(process.getInputStream());
        err = new TextLines(process.getErrorStream());
    }

    /** Runs a command with these environment variables beside those of this process. */
    public static Program run(List<String> command, Map<String, String> environment) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        return new Program(process);
    }

    /** Runs the distribution's {@code bin/openkas} on this JDK; Open Liberty's own port is off, {@code temporary} is its TMPDIR. */
    public static Program openkas(Path temporary, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(DISTRIBUTION.resolve("bin/openkas").toString()));
        command.addAll(List.of(arguments));
        return run(command, Map.of("JAVA_HOME", System.getProperty("java.home"), "OPENKAS_HTTP_PORT", "", "TMPDIR", temporary.toString()));
    }

    /** Lines of standard output so far. */
    public List<String> out() {
        return out.soFar();
    }

    /** Lines of standard error so far. */
    public List<String> err() {
        return err.soFar();
    }

    /** Lines of standard error so far, which all have to be JSON objects. */
    public List<JsonNode> log() {
        return err().stream().map(Program::parsed).toList();
    }

    /** The log's lines with this message so far. */
    public List<JsonNode> log(String message) {
        return log().stream().filter(line -> line.path("msg").asText().equals(message)).toList();
    }

    private static JsonNode parsed(String line) {
        try {
            return JSON.readTree(line);
        } catch (JsonProcessingException e) {
            throw new AssertionError("not a line of JSON: " + line, e);
        }
    }

    /** Waits for a line of the log and returns the first. */
    public JsonNode awaitLog(String message, Duration limit) {
        await().atMost(limit).pollInterval(Duration.ofMillis(20)).untilAsserted(
                () -> assertThat(log(message)).as("lines \"%s\" among%n%s", message, String.join("\n", err())).isNotEmpty());
        return log(message).getFirst();
    }

    /** Waits for a line of standard output that contains {@code text}. */
    public void awaitOut(String text, Duration limit) {
        await().atMost(limit).pollInterval(Duration.ofMillis(20)).untilAsserted(
                () -> assertThat(out()).as("standard error:%n%s", String.join("\n", err())).anyMatch(line -> line.contains(text)));
    }

    /** Open file descriptors now; Linux only. */
    public int descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc", Long.toString(process.pid()), "fd"))) {
            return (int) open.count();
        }
    }

    /** Memory in use now, in MiB; Linux only. */
    public int residentMebibytes() throws IOException {
        return Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToInt(line -> Integer.parseInt(line.replaceAll("\\D", "")) / 1024).findFirst().orElseThrow();
    }

    /** Sends SIGTERM. */
    public void terminate() {
        process.destroy();
    }

    public boolean running() {
        return process.isAlive();
    }

    /** Waits for the end and returns the exit status; all output is there then. */
    public int exit(Duration limit) throws InterruptedException {
        assertThat(process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)).as("ended within %s; standard error:%n%s", limit,
                String.join("\n", err())).isTrue();
        out.all();
        err.all();
        return process.exitValue();
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        try {
            process.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
