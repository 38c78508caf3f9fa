package org.openkas.testkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code bin/openkas} of the built distribution as a process of its own. Closing kills it. */
public final class RunningDistribution implements AutoCloseable {
    /** The distribution that the build made. */
    public static final Path HOME = Path.of("target/openkas").toAbsolutePath();

    private static final Duration LIMIT = Duration.ofSeconds(90);
    private static final Pattern PROBES = Pattern.compile("\"msg\":\"Observability endpoint is up\".*\"net_address\":\"([^\"]+)\"");

    private final Process process;
    private final List<String> out = new CopyOnWriteArrayList<>();
    private final List<String> err = new CopyOnWriteArrayList<>();
    private final List<Thread> readers;
    private final HttpClient client = HttpClient.newHttpClient();

    private RunningDistribution(Process process) {
        this.process = process;
        readers = List.of(reader(process.getInputStream(), out), reader(process.getErrorStream(), err));
    }

    /** Starts the program below {@code home}; Liberty's own HTTP port is off unless {@code environment} says otherwise. */
    public static RunningDistribution start(Path home, Map<String, String> environment, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(home.resolve("bin/openkas").toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().keySet().removeIf(name -> name.startsWith("OPENKAS_"));
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("OPENKAS_HTTP_PORT", "");
        builder.environment().putAll(environment);
        return new RunningDistribution(builder.start());
    }

    /** A configuration file of a server without GitLab on free ports; {@code more} is YAML below the root. */
    public static Path standalone(Path directory, String more) throws IOException {
        Path agents = Files.writeString(directory.resolve("agents.yaml"), "agents: []\n");
        return Files.writeString(directory.resolve("kas.yaml"), """
                standalone: {agents_file: %s}
                %s
                """.formatted(agents, more));
    }

    /** A port that was free a moment ago. */
    public static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static Thread reader(InputStream stream, List<String> lines) {
        return Thread.ofVirtual().start(() -> {
            try (BufferedReader reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                reader.lines().forEach(lines::add);
            } catch (IOException | UncheckedIOException e) {
                lines.add("the stream broke: " + e);
            }
        });
    }

    /** Where probes are answered; waits until the log tells. */
    public URI probes() throws InterruptedException {
        Matcher matcher = PROBES.matcher(awaitErr(line -> PROBES.matcher(line).find()));
        if (!matcher.find()) {
            throw new AssertionError("no address");
        }
        return URI.create("http://" + matcher.group(1));
    }

    /** Waits until a GET of {@code uri} answers {@code status}; the answer. */
    public HttpResponse<String> await(URI uri, int status) throws InterruptedException {
        long end = System.nanoTime() + LIMIT.toNanos();
        Optional<HttpResponse<String>> last = Optional.empty();
        while (System.nanoTime() < end && process.isAlive()) {
            last = get(uri);
            if (last.isPresent() && last.get().statusCode() == status) {
                return last.get();
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
        throw new AssertionError(
                uri + " never answered " + status + ", last " + last.map(HttpResponse::toString).orElse("not at all") + ", log " + err);
    }

    /** Waits until the server is ready. */
    public RunningDistribution ready() throws InterruptedException {
        await(probes().resolve("/readiness"), 200);
        return this;
    }

    /** What a GET answers, if anybody listens. */
    public Optional<HttpResponse<String>> get(URI uri) throws InterruptedException {
        try {
            return Optional.of(
                    client.send(HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(20)).build(), HttpResponse.BodyHandlers.ofString()));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Waits for a line on standard error. */
    public String awaitErr(Predicate<String> wanted) throws InterruptedException {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (true) {
            boolean alive = process.isAlive();
            Optional<String> line = err.stream().filter(wanted).findFirst();
            if (line.isPresent()) {
                return line.get();
            }
            if (!alive || System.nanoTime() > end) {
                throw new AssertionError("the line never came; standard error: " + err);
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    /** Asks the server to end, as a supervisor does; what it says until then is read, which {@link Process#destroy} would not. */
    public void terminate() {
        process.toHandle().destroy();
    }

    /** Waits for the end: the exit status. */
    public int exit() throws InterruptedException {
        return exit(LIMIT);
    }

    /** Waits so long for the end: the exit status. */
    public int exit(Duration limit) throws InterruptedException {
        if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new AssertionError("the process does not end; standard error: " + err);
        }
        for (Thread reader : readers) {
            reader.join(LIMIT);
        }
        return process.exitValue();
    }

    /** Lines on standard output so far. */
    public List<String> out() {
        return List.copyOf(out);
    }

    /** Lines on standard error so far. */
    public List<String> err() {
        return List.copyOf(err);
    }

    /** The process as the system knows it. */
    public ProcessHandle handle() {
        return process.toHandle();
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
        client.close();
    }
}
