package org.openkas.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import org.openkas.common.Log;
import org.openkas.common.LogLevel;
import org.openkas.config.PropertySource;
import org.openkas.observability.JsonLogSink;
import org.openkas.observability.LogStream;
import org.openkas.observability.ServerMXBean;

/**
 * The life of a server process: check the configuration, start Open Liberty with the application, wait for a signal or a
 * failure, let the application drain, stop Liberty, clean up. The only class that reacts to signals: an application in an
 * operator's own Liberty never does.
 */
final class ServerProcess {
    private static final Duration APPLICATION_START = Duration.ofSeconds(60);
    private static final Duration LIBERTY_STOP = Duration.ofSeconds(30);

    /** What Liberty warns of and we mean so: no implicit bean archives, no HTTPS, perhaps no port at all. */
    private static final List<String> NOT_WARNINGS = List.of("CWOWB1009W", "CWWKG0084W", "CWWKT0015W");

    private final Path home;
    private final Map<String, String> environment;
    private final RandomGenerator random;
    /** Completed once: with nothing when somebody asked the server to stop, with a text when it failed. */
    private final CompletableFuture<Optional<String>> end = new CompletableFuture<>();

    /**
     * Nothing happens yet.
     *
     * @param home the distribution's directory, which is only read
     */
    ServerProcess(Path home, Map<String, String> environment, RandomGenerator random) {
        this.home = home;
        this.environment = environment;
        this.random = random;
    }

    /**
     * Runs until the server has ended.
     *
     * @throws AbortedException if it could not start or go on
     */
    void run(Command.Serve serve) throws AbortedException, InterruptedException {
        beforeAnything();
        LogLevel level = Configurations.logLevel(serve.configurationFile(), new ProcessProperties(System.getProperties(), environment));
        run(level, work -> System.setProperty(PropertySource.FILE, serve.configurationFile().toString()));
    }

    /** Runs the demo until it is stopped. */
    void run(Command.Demo demo) throws AbortedException, InterruptedException {
        beforeAnything();
        run(LogLevel.WARN,
                work -> System.setProperty("openkas.demo.directory", demo.directory().orElseGet(work::demo).toAbsolutePath().toString()));
    }

    private static void beforeAnything() {
        // nothing is there yet that would have to end in order
        Signals.onTermination(() -> Runtime.getRuntime().halt(0));
        Liberty.ownLogging();
    }

    private interface Preparation {
        void in(WorkDirectory work);
    }

    private void run(LogLevel level, Preparation preparation) throws AbortedException, InterruptedException {
        Signals.onTermination(() -> end.complete(Optional.empty()));
        Map<String, String> variables = new HashMap<>(
                LibertyPorts.variables(environment, home.resolve("wlp/usr/servers/openkas/https.xml"), random));
        variables.put("com.ibm.ws.logging.console.log.level", "WARNING");
        variables.put("com.ibm.ws.logging.hideMessage", String.join(",", NOT_WARNINGS));
        Path parent = Path.of(System.getProperty("java.io.tmpdir"));
        try (WorkDirectory work = WorkDirectory.make(environment.getOrDefault("OPENKAS_WORK_DIR", ""), parent, random);
                LogStream stream = JsonLogSink.standardError(InstantSource.system(), ZoneId.systemDefault())) {
            JsonLogSink sink = new JsonLogSink(stream, InstantSource.system(), ZoneId.systemDefault(), level);
            System.setProperty("java.io.tmpdir", work.temporary().toString());
            System.setOut(LibertyConsole.out(sink));
            System.setErr(LibertyConsole.err(sink));
            System.setProperty("openkas.work.directory", work.application().toString());
            preparation.in(work);
            Liberty liberty = Liberty.in(home.resolve("wlp"), work.liberty());
            serve(liberty, variables, Log.to(sink));
        }
    }

    private void serve(Liberty liberty, Map<String, String> variables, Log log) throws AbortedException, InterruptedException {
        CompletableFuture<Optional<ServerBean>> started = new CompletableFuture<>();
        Thread.ofPlatform().name("openkas-watch").daemon().start(() -> end.complete(lifeOf(liberty, variables, started)));
        Optional<String> failure = end.join();
        // Liberty cannot be stopped in order while it starts; but the application, if it comes to that, begins nothing any more
        System.setProperty(ServerMXBean.STOP_REQUESTED, "true");
        started.join().ifPresent(server -> drain(server, log));
        try {
            liberty.stop(LIBERTY_STOP);
        } catch (AbortedException e) {
            log.withError(e).warn("Open Liberty did not stop in order");
        }
        if (failure.isPresent()) {
            throw new AbortedException(failure.get());
        }
    }

    /** Starts Liberty and waits for the end of the application: the text of its failure, if it failed. */
    private static Optional<String> lifeOf(Liberty liberty, Map<String, String> variables,
            CompletableFuture<Optional<ServerBean>> started) {
        try {
            liberty.start(variables);
            ServerBean server = new ServerBean();
            if (!server.await(APPLICATION_START)) {
                return Optional.of("the application did not start; the lines above tell why");
            }
            started.complete(Optional.of(server));
            return Optional.of(server.awaitFailure()).filter(text -> !text.isEmpty());
        } catch (AbortedException e) {
            return Optional.of(e.reason());
        } catch (InterruptedException e) {
            return Optional.of("interrupted");
        } catch (RuntimeException e) {
            return Optional.of("Open Liberty: " + e);
        } finally {
            started.complete(Optional.empty());
        }
    }

    private static void drain(ServerBean server, Log log) {
        try {
            server.drain();
        } catch (AbortedException e) {
            log.withError(e).error("The server did not drain");
        }
    }
}
