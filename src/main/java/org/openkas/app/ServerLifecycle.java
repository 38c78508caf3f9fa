package org.openkas.app;

import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.eclipse.microprofile.config.ConfigProvider;
import org.openkas.common.BuildInfo;
import org.openkas.common.Log;
import org.openkas.common.LogLevel;
import org.openkas.config.LoggingSection;
import org.openkas.config.PropertySource;
import org.openkas.observability.JsonLogSink;
import org.openkas.observability.LibraryLogs;
import org.openkas.observability.LogStream;
import org.openkas.observability.Probes;

/**
 * The server as a Jakarta EE application: it starts with the application and drains before the application goes. A failed
 * start leaves the application up and its health down, with the text that {@code bin/openkas} prints; the process belongs
 * to the application server, so nothing here handles signals or ends the JVM.
 */
@ApplicationScoped
public class ServerLifecycle {
    /** Set by {@code bin/openkas}, which itself prints why a start failed. */
    private static final String LAUNCHER_HOME = "openkas.home";

    private final Probes probes = new Probes();
    private final ServerState state = new ServerState(this::drain);
    private final ServerBeanRegistration bean = new ServerBeanRegistration(state);
    private final LogStream stream = JsonLogSink.standardError(InstantSource.system(), ZoneId.systemDefault());
    private final JsonLogSink sink = new JsonLogSink(stream, InstantSource.system(), ZoneId.systemDefault(), LogLevel.INFO);
    private final RandomGenerator random = RandomGenerator.of("SecureRandom");
    /** What is to be closed at the end, last first. */
    private final Deque<Runnable> closers = new ArrayDeque<>();
    private volatile Optional<KasServer> server = Optional.empty();

    /** Starts the server when the application starts. */
    void start(@Observes @Initialized(ApplicationScoped.class) Object event) {
        PropertySource properties = new MicroProfileProperties(ConfigProvider.getConfig());
        probes.readiness("server", state::failure);
        probes.liveness("server", state::failure);
        bean.register();
        try {
            start(properties);
            state.running();
        } catch (StartException e) {
            failed(String.valueOf(e.getMessage()), properties);
        } catch (RuntimeException e) {
            failed(String.valueOf(e), properties);
        }
    }

    private void start(PropertySource properties) throws StartException {
        StartConfiguration start = StartConfiguration.load(properties, random);
        LoggingSection logging = start.loaded().configuration().observability().logging();
        sink.keep(logging.level());
        LibraryLogs libraries = new LibraryLogs(sink, sink.withLevel(logging.grpcLevel()));
        closers.push(libraries::close);
        Log log = Log.to(sink);
        start.loaded().warnings().forEach(text -> log.with("warning", text).warn("Configuration"));
        WorkPlace work = WorkPlace.of(properties);
        closers.push(work::close);
        BuildInfo build = BuildInfo.ofThisBuild();
        KasServer assembled = KasServer.assemble(start.loaded().configuration(), System.getenv(), build, work.path(), log, probes);
        closers.push(assembled::close);
        server = Optional.of(assembled);
        assembled.start();
        if (properties.value(LAUNCHER_HOME).isPresent()) {
            closers.push(IdleHeap.ofThisProcess(assembled.timers())::close);
        }
        start.demo().ifPresent(world -> closers.push(DemoRun.begin(world, assembled.agentListener(), build, random)::close));
    }

    private void failed(String reason, PropertySource properties) {
        if (properties.value(LAUNCHER_HOME).isEmpty()) {
            Log.to(sink).with("error", reason).error("Program aborted");
        }
        state.failed(reason);
    }

    private void drain() {
        server.ifPresent(KasServer::drain);
    }

    /** Drains, if nobody did before, and ends the server when the application stops. */
    @PreDestroy
    void stop() {
        state.drain();
        closers.forEach(Runnable::run);
        bean.unregister();
        stream.close();
    }

    /** For MicroProfile Health. */
    @Produces
    Probes probes() {
        return probes;
    }
}
