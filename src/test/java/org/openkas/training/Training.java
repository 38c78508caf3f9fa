package org.openkas.training;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.stream.Stream;
import org.openkas.testkit.RunningDistribution;
import org.openkas.testkit.Surroundings;

/**
 * Makes the distribution's {@code lib/openkas.aot}: loaded and linked classes, and profiles of the methods that a load uses, so
 * that a new server compiles what it needs at once (JEP 483, 514, 515). The cache fits the JDK that made it; with another one
 * the server starts without. Argument: build directory.
 */
final class Training {
    private static final int ATTEMPTS = 2;
    /** Writing down what was learned takes seconds, and more on a busy machine. */
    private static final Duration END = Duration.ofSeconds(120);
    /**
     * A JVM that records and has unloaded a class crashes at its end (JDK 25.0.3: InstanceKlass::can_be_verified_at_dumptime), so
     * it must not unload any. The thresholds of the compilers stay the distribution's own: with the JVM's usual ones, which are a
     * tenth, so many methods count as hot that compiling them costs the next start 0.7 s of processor time, and requests no less.
     */
    private static final String RECORD = "-XX:-ClassUnloading -XX:-CreateCoredumpOnCrash -XX:AOTMode=record";
    /** Without code of the compilers: this JDK does not look whether another processor can run it. */
    private static final String CREATE = "-XX:-AOTAdapterCaching -XX:-AOTStubCaching -Xlog:aot=error,cds=error:stderr -XX:AOTMode=create";

    private final Path home;
    private final Path directory;
    private final Path cache;
    private final Path profile;

    private Training(Path target) {
        home = target.resolve("openkas");
        directory = target.resolve("training");
        cache = home.resolve("lib/openkas.aot");
        profile = directory.resolve("openkas.aotconf");
    }

    public static void main(String[] arguments) throws InterruptedException {
        Training training = new Training(Path.of(arguments[0]).toAbsolutePath());
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            try {
                training.run();
                // threads of the doubles may still wind down
                System.exit(0);
            } catch (IOException | AssertionError failure) {
                // what the JVM learns depends on time, and so does whether it comes to its end
                System.err.printf("training run %d of %d failed: %s%n", attempt, ATTEMPTS, failure);
            }
        }
        System.exit(1);
    }

    private void run() throws IOException, InterruptedException {
        clear();
        try (Surroundings surroundings = new Surroundings(directory, 1)) {
            record(surroundings);
        }
        create();
        if (!Files.exists(cache)) {
            throw new IOException("the JVM made no cache: " + cache);
        }
        Files.copy(Path.of(System.getProperty("java.home"), "release"), cache.resolveSibling("openkas.aot.release"),
                StandardCopyOption.REPLACE_EXISTING);
        clear(directory);
    }

    private void record(Surroundings surroundings) throws IOException, InterruptedException {
        Map<String, String> environment = Map.of("OPENKAS_JVM_OPTIONS", RECORD + " -XX:AOTConfiguration=" + option(profile),
                "OPENKAS_HTTP_PORT", Integer.toString(surroundings.httpPort()), "TMPDIR", directory.toString());
        try (RunningDistribution server = RunningDistribution.start(home, environment, "--configuration-file=" + surroundings.file())) {
            try {
                server.ready();
                new Load(surroundings).run(server);
            } catch (IOException | RuntimeException | AssertionError failure) {
                // a JVM that crashed may still be telling why
                boolean _ = server.handle().destroyForcibly();
                int status = server.exit(END);
                throw new IOException(failure + "; status " + status + ", the server's log:\n" + String.join("\n", server.err()), failure);
            }
            server.terminate();
            ended(server);
        }
    }

    /** The program does not run here; its options count, as they must be those of later starts. */
    private void create() throws IOException, InterruptedException {
        Map<String, String> environment = Map.of("OPENKAS_JVM_OPTIONS",
                CREATE + " -XX:AOTConfiguration=" + option(profile) + " -XX:AOTCache=" + option(cache), "TMPDIR", directory.toString());
        try (RunningDistribution program = RunningDistribution.start(home, environment, "--help")) {
            ended(program);
        }
    }

    private static void ended(RunningDistribution program) throws IOException, InterruptedException {
        int status = program.exit(END);
        if (status != 0) {
            throw new IOException("it ended with status " + status + ":\n" + String.join("\n", program.err()));
        }
    }

    /** A path as a word of the JVM's options, which cannot hold a space: relative, as the place of the build may have one. */
    private static String option(Path path) {
        return Path.of("").toAbsolutePath().relativize(path).toString();
    }

    private void clear() throws IOException {
        Files.deleteIfExists(cache);
        clear(directory);
        Files.createDirectories(directory);
    }

    private static void clear(Path tree) throws IOException {
        if (!Files.exists(tree)) {
            return;
        }
        try (Stream<Path> files = Files.walk(tree)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
