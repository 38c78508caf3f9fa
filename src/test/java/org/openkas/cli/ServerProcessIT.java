package org.openkas.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.testkit.RunningDistribution;

/** The built distribution as a server process, seen from outside. */
class ServerProcessIT {
    private static final String QUICK = """
            agent: {listen: {address: "127.0.0.1:0", listen_grace_period: %s}}
            observability: {listen: {address: "127.0.0.1:0"}, logging: {level: %s}}
            """;

    /** Whose classes only the distribution's own cache can have. */
    private static final Pattern JARS = Pattern.compile("(org\\.openkas|com\\.ibm|io\\.netty|io\\.grpc)\\.");

    @TempDir
    Path directory;

    private RunningDistribution start(Path home, Map<String, String> environment, String grace, String level) throws IOException {
        return RunningDistribution.start(home, environment,
                "--configuration-file=" + RunningDistribution.standalone(directory, QUICK.formatted(grace, level)));
    }

    private RunningDistribution start(Map<String, String> environment) throws IOException {
        return start(RunningDistribution.HOME, environment, "0.01s", "info");
    }

    @Test
    @DisplayName("CO-28, CO-33, CO-13: a server's life: probes, JSON lines on standard error only, nothing left behind, status 0")
    void life() throws Exception {
        Path temporary = Files.createDirectory(directory.resolve("temporary"));
        try (RunningDistribution server = start(Map.of("TMPDIR", temporary.toString()))) {
            URI probes = server.ready().probes();
            HttpResponse<String> liveness = server.await(probes.resolve("/liveness"), 200);
            assertThat(liveness.body()).isEmpty();
            assertThat(liveness.headers().firstValue("Server").orElse("")).startsWith("gitlab-kas/v");
            assertThat(server.await(probes.resolve("/metrics"), 200).body()).contains("gitlab_build_info{");
            assertThat(server.handle().info().command().orElse("")).as("the process is the server's JVM").endsWith("/bin/java");
            assertThat(temporary).as("it writes below one directory only")
                    .isDirectoryContaining(file -> file.getFileName().toString().startsWith("openkas-"));
            try (Stream<Path> files = Files.list(temporary)) {
                assertThat(files).hasSize(1);
            }

            server.terminate();
            assertThat(server.exit()).isZero();
            assertThat(temporary).isEmptyDirectory();
            assertThat(server.out()).isEmpty();
            List<String> lines = server.err();
            assertThat(lines).isNotEmpty().allSatisfy(ServerProcessIT::isLogLine);
            assertThat(lines).noneMatch(line -> line.contains("Kubernetes API endpoint is up"));
        }
    }

    private static void isLogLine(String line) throws IOException {
        JsonNode object = new ObjectMapper().readTree(line);
        List<String> keys = new ArrayList<>();
        object.fieldNames().forEachRemaining(keys::add);
        assertThat(keys).startsWith("level", "time", "msg");
        assertThat(object.get("level").textValue()).isIn("debug", "info", "warn", "error");
        assertThat(object.get("time").textValue()).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}(Z|[+-]\\d{4})");
    }

    @Test
    @DisplayName("CO-34 with level warn a normal start and end write nothing")
    void quiet() throws Exception {
        int port = RunningDistribution.freePort();
        Path file = RunningDistribution.standalone(directory, """
                agent: {listen: {address: "127.0.0.1:0", listen_grace_period: 0.01s}}
                observability: {listen: {address: "127.0.0.1:%d"}, logging: {level: warn}}
                """.formatted(port));
        try (RunningDistribution server = RunningDistribution.start(RunningDistribution.HOME, Map.of(), "--configuration-file=" + file)) {
            server.await(URI.create("http://127.0.0.1:" + port + "/readiness"), 200);
            server.terminate();
            assertThat(server.exit()).isZero();
            assertThat(server.err()).isEmpty();
        }
    }

    @Test
    @DisplayName("CO-41, CO-42: while the server drains it stays ready, and a second signal does not hurry it")
    void drain() throws Exception {
        try (RunningDistribution server = start(RunningDistribution.HOME, Map.of(), "3s", "info")) {
            URI readiness = server.ready().probes().resolve("/readiness");
            long begin = System.nanoTime();
            server.terminate();
            assertThat(server.get(readiness)).hasValueSatisfying(answer -> assertThat(answer.statusCode()).isEqualTo(200));
            server.terminate();
            assertThat(server.get(readiness)).hasValueSatisfying(answer -> assertThat(answer.statusCode()).isEqualTo(200));
            assertThat(server.exit()).isZero();
            assertThat((System.nanoTime() - begin) / 1_000_000).as("milliseconds from the first signal").isGreaterThan(2_900);
        }
    }

    @Test
    @DisplayName("CO-39: a signal during the start: status 0, nothing left behind, and nobody is let in only to be sent away")
    void aSignalDuringTheStart() throws Exception {
        Path temporary = Files.createDirectory(directory.resolve("temporary"));
        try (RunningDistribution server = start(RunningDistribution.HOME, Map.of("TMPDIR", temporary.toString()), "3600s", "info")) {
            while (server.handle().isAlive() && isEmpty(temporary)) {
                Thread.onSpinWait();
            }
            server.terminate();
            assertThat(server.exit()).isZero();
            assertThat(temporary).isEmptyDirectory();
            assertThat(server.err()).isEmpty();
        }
    }

    @Test
    @DisplayName("CO-39: a signal while the configuration is read: status 0 at once")
    void aSignalBeforeTheStart() throws Exception {
        Path begun = directory.resolve("begun");
        Path file = RunningDistribution.standalone(directory, QUICK.formatted("0.01s", "info")
                + "config: {command: \"touch " + begun + "; sleep 25\"}\n");
        try (RunningDistribution server = RunningDistribution.start(RunningDistribution.HOME, Map.of(), "--configuration-file=" + file)) {
            await().atMost(Duration.ofSeconds(20)).until(() -> Files.exists(begun));
            long begin = System.nanoTime();
            server.terminate();
            assertThat(server.exit()).isZero();
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
            assertThat(server.err()).isEmpty();
        }
    }

    private static boolean isEmpty(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.findAny().isEmpty();
        }
    }

    @Test
    @DisplayName("Two servers run side by side; the second one's busy Liberty port is a warning")
    void sideBySide() throws Exception {
        String port = Integer.toString(RunningDistribution.freePort());
        try (RunningDistribution first = start(Map.of("OPENKAS_HTTP_PORT", port))) {
            first.ready();
            URI health = URI.create("http://localhost:" + port + "/health");
            assertThat(first.await(health, 200).body()).contains("\"status\":\"UP\"");
            try (RunningDistribution second = start(Map.of("OPENKAS_HTTP_PORT", port))) {
                second.ready();
                assertThat(second.awaitErr(line -> line.contains("CWWKO0221E"))).startsWith("{\"level\":\"warn\"")
                        .contains("OPENKAS_HTTP_PORT");
                assertThat(first.await(health, 200).statusCode()).isEqualTo(200);
                first.terminate();
                second.terminate();
                assertThat(first.exit()).isZero();
                assertThat(second.exit()).isZero();
            }
        }
    }

    @Test
    @DisplayName("The distribution works elsewhere and read-only, keeps its cache of classes there, and is not written to")
    void moved() throws Exception {
        Path home = copy("some where/else");
        assertThat(new ProcessBuilder("chmod", "-R", "a-w", home.toString()).inheritIO().start().waitFor()).isZero();
        try {
            List<String> before = tree(home);
            assertThat(classesFromTheCache(home)).isGreaterThan(3_000);
            assertThat(tree(home)).isEqualTo(before);
        } finally {
            // as a user without special rights, only a writable directory can be removed
            assertThat(new ProcessBuilder("chmod", "-R", "u+w", home.toString()).inheritIO().start().waitFor()).isZero();
        }
    }

    @Test
    @DisplayName("A cache for another JDK, older than the jars or damaged is left aside without a word")
    void cacheThatDoesNotFit() throws Exception {
        Path home = copy("copy");
        Path cache = home.resolve("lib/openkas.aot");
        Path jdk = home.resolve("lib/openkas.aot.release");
        String release = Files.readString(jdk);
        Files.writeString(jdk, "JAVA_VERSION=\"25\"\n");
        assertThat(classesFromTheCache(home)).isZero();
        Files.writeString(jdk, release);
        assertThat(classesFromTheCache(home)).isPositive();

        FileTime made = Files.getLastModifiedTime(cache);
        Files.setLastModifiedTime(home.resolve("lib/openkas.jar"), FileTime.fromMillis(made.toMillis() + 1_000));
        assertThat(classesFromTheCache(home)).isZero();
        Files.setLastModifiedTime(home.resolve("lib/openkas.jar"), made);
        Files.writeString(cache, "no cache");
        assertThat(classesFromTheCache(home)).isZero();
    }

    private Path copy(String name) throws Exception {
        Path home = directory.resolve(name);
        Files.createDirectories(home.getParent());
        Process copy = new ProcessBuilder("cp", "-a", RunningDistribution.HOME.toString(), home.toString()).inheritIO().start();
        assertThat(copy.waitFor()).isZero();
        return home;
    }

    /** Starts and ends a server, which must say nothing but lines of its log; how many classes of the jars came from the cache. */
    private long classesFromTheCache(Path home) throws Exception {
        Path classes = directory.resolve("classes.log");
        Map<String, String> options = Map.of("OPENKAS_JVM_OPTIONS", "-Xlog:class+load=info:file=" + classes + ":none");
        try (RunningDistribution server = start(home, options, "0.01s", "info")) {
            server.ready().terminate();
            assertThat(server.exit()).isZero();
            assertThat(server.out()).isEmpty();
            assertThat(server.err()).isNotEmpty().allSatisfy(ServerProcessIT::isLogLine);
        }
        try (Stream<String> lines = Files.lines(classes)) {
            return lines.filter(line -> line.contains("shared objects file") && JARS.matcher(line).lookingAt()).count();
        }
    }

    private static List<String> tree(Path home) throws IOException {
        try (Stream<Path> files = Files.walk(home)) {
            List<String> names = new ArrayList<>();
            for (Path file : files.sorted().toList()) {
                names.add(home.relativize(file) + " " + Files.getLastModifiedTime(file) + " "
                        + (Files.isRegularFile(file) ? Files.size(file) : 0));
            }
            return names;
        }
    }

    @Test
    @DisplayName("A named work directory is kept and used again")
    void namedWorkDirectory() throws Exception {
        Path work = directory.resolve("work");
        for (int start = 0; start < 2; start++) {
            try (RunningDistribution server = start(Map.of("OPENKAS_WORK_DIR", work.toString()))) {
                server.ready().terminate();
                assertThat(server.exit()).isZero();
            }
            assertThat(work.resolve("liberty")).isDirectory();
        }
    }
}
