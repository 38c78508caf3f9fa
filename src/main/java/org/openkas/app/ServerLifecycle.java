package org.openkas.app;

import io.netty.util.concurrent.FastThreadLocal;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.eclipse.microprofile.config.ConfigProvider;
import org.openkas.agentendpoint.AgentEntrance;
import org.openkas.agentendpoint.HeldPorts;
import org.openkas.common.BuildInfo;
import org.openkas.common.Log;
import org.openkas.common.LogLevel;
import org.openkas.config.LoggingSection;
import org.openkas.config.PropertySource;
import org.openkas.jgit.HostIndependentGit;
import org.openkas.observability.JsonLogSink;
import org.openkas.observability.LibraryLogs;
import org.openkas.observability.LogStream;
import org.openkas.observability.Probes;
import org.openkas.observability.ServerMXBean;

/**
 * The server as a Jakarta EE application: it starts with the application and drains before the application goes. A failed
 * start leaves the application up and its health down, with the text that {@code bin/openkas} prints; the process belongs
 * to the application server, so nothing here handles signals or ends the JVM.
 */
@ApplicationScoped
public class ServerLifecycle {
    /** Set by {@code bin/openkas}, which itself prints why a start failed. */
    private static final String LAUNCHER_HOME = "openkas.home";

    /** As long as Open Liberty itself waits for what runs when it stops. */
    private static final Duration STOP_LIMIT = Duration.ofSeconds(30);
    /** For agents to be told to go, once no request needs them: the default grace period, their last calls, and the close frames. */
    private static final Duration AGENTS_LIMIT = Duration.ofSeconds(15);
    private static final Duration CLOSE_FRAMES = Duration.ofSeconds(6);
    /** A port that was closed for good is gone by then, and agents do not come back to it. */
    private static final Duration PORT_GONE = Duration.ofSeconds(1);

    private final Probes probes = new Probes();
    private final ServerState state = new ServerState(this::drain);
    private final ServerBeanRegistration bean = new ServerBeanRegistration(state);
    private final LogStream stream = JsonLogSink.standardError(InstantSource.system(), ZoneId.systemDefault());
    private final JsonLogSink sink = new JsonLogSink(stream, InstantSource.system(), ZoneId.systemDefault(), LogLevel.INFO);
    private final RandomGenerator random = RandomGenerator.of("SecureRandom");
    /** What is to be closed at the end, last first. */
    private final Deque<Runnable> closers = new ArrayDeque<>();
    private volatile Optional<KasServer> server = Optional.empty();
    private volatile Optional<AgentEntrance> agents = Optional.empty();
    private volatile Optional<HeldPorts> held = Optional.empty();

    /** Starts the server when the application starts, and lets agents in through the application server's HTTP port. */
    void start(@Observes @Initialized(ApplicationScoped.class) Object event, AgentEntrance entrance, HeldPorts ports) {
        agents = Optional.of(entrance);
        held = Optional.of(ports);
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
        } finally {
            leaveThread();
        }
    }

    /** The thread is the application server's and outlives the application: what Netty keeps there would keep our classes. */
    private static void leaveThread() {
        FastThreadLocal.removeAll();
    }

    private void start(PropertySource properties) throws StartException {
        StartConfiguration start = StartConfiguration.load(properties, random, InstantSource.system().instant());
        LoggingSection logging = start.loaded().configuration().observability().logging();
        sink.keep(logging.level());
        LibraryLogs libraries = new LibraryLogs(sink, sink.withLevel(logging.grpcLevel()));
        closers.push(libraries::close);
        Log log = Log.to(sink);
        start.loaded().warnings().forEach(text -> log.with("warning", text).warn("Configuration"));
        WorkPlace work = WorkPlace.of(properties);
        closers.push(work::close);
        closers.push(HostIndependentGit::release);
        if (stopRequested()) {
            return;
        }
        BuildInfo build = BuildInfo.ofThisBuild();
        KasServer assembled = KasServer.assemble(start.loaded().configuration(), System.getenv(), build, work.path(), log, probes);
        closers.push(assembled::close);
        if (stopRequested()) {
            return;
        }
        server = Optional.of(assembled);
        assembled.start();
        agents.ifPresent(entrance -> entrance.open(assembled.agentHandoff(), assembled.serverName()));
        closers.push(HttpPorts.watch(this::portCloses)::close);
        if (properties.value(LAUNCHER_HOME).isPresent()) {
            closers.push(BoundedHeap.ofThisProcess(assembled.timers())::close);
        }
        if (start.demo().isPresent()) {
            closers.push(DemoRun.begin(start, assembled, properties, build, random)::close);
        }
    }

    /** Whether the launcher was told to stop while the application started. */
    private static boolean stopRequested() {
        return Boolean.getBoolean(ServerMXBean.STOP_REQUESTED);
    }

    private void failed(String reason, PropertySource properties) {
        if (properties.value(LAUNCHER_HOME).isEmpty()) {
            Log.to(sink).with("error", reason).error("Program aborted");
        }
        state.failed(reason);
    }

    private void drain() {
        // nobody was promised anything by a server that did not come up: what of it listens already ends at once
        server.ifPresent(state.failure().isEmpty() ? KasServer::drain : KasServer::close);
        agents.ifPresent(this::sayGoodbye);
    }

    /** One of the application server's ports is about to close: its agents go in order, and come in through another or later. */
    private synchronized void portCloses() {
        if (server.isEmpty() || agents.isEmpty() || agents.get().isEmpty()) {
            held.ifPresent(HeldPorts::release);
            return;
        }
        KasServer running = server.get();
        AgentEntrance entrance = agents.get();
        running.drainAgentHandoff();
        sayGoodbye(entrance);
        running.timers().after(PORT_GONE, () -> running.renewAgentHandoff().ifPresent(next -> entrance.open(next, running.serverName())));
    }

    /** Connections have ended in order; what is left is that sessions get their close frames. */
    private void sayGoodbye(AgentEntrance entrance) {
        entrance.close();
        try {
            entrance.awaitSessionsClosed(CLOSE_FRAMES);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        held.ifPresent(HeldPorts::release);
    }

    /** Drains, if nobody did before; returns when that is done, whoever does it. */
    void drainOnce() {
        state.drain();
    }

    /**
     * Ends the server when the application stops. What nobody drained before has a limited time: while an application is
     * updated, nobody can reach the old one any more, and the new one waits; a watch would keep it waiting for an hour.
     */
    @PreDestroy
    void stop() {
        if (!state.drainWithin(STOP_LIMIT)) {
            Log.to(sink).with("limit", STOP_LIMIT.toSeconds() + "s")
                    .warn("The application stops: requests that still run are cut off. Call the operation drain of the MBean"
                            + " org.openkas:type=Server before, to wait for them");
            server.ifPresent(KasServer::cutOffRequests);
            boolean _ = state.drainWithin(AGENTS_LIMIT);
        }
        closers.forEach(Runnable::run);
        bean.unregister();
        stream.close();
        leaveThread();
    }

    /** For MicroProfile Health. */
    @Produces
    Probes probes() {
        return probes;
    }
}
