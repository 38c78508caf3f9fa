package org.openkas.app;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.random.RandomGenerator;
import org.openkas.common.BuildInfo;
import org.openkas.common.SystemTimers;
import org.openkas.config.KasConfiguration;
import org.openkas.config.KubernetesApiSection;
import org.openkas.config.PropertySource;
import org.openkas.demo.ClusterAddress;
import org.openkas.demo.DemoAgent;
import org.openkas.demo.DemoCluster;
import org.openkas.demo.DemoEntry;
import org.openkas.demo.DemoWorld;
import org.openkas.demo.KubectlWay;
import org.openkas.demo.TerminalStory;
import org.openkas.diagnosis.Kubeconfig;
import org.openkas.diagnosis.KubeconfigException;
import org.openkas.net.BoundAddress;

/**
 * The demo agent beside the server, telling its story on standard output: the one case in which there is something to read
 * there. It comes through a public listener, with nothing shared but the address: the application server's HTTP port as soon
 * as that answers, else the agents' own port. Its cluster is one of the demo's own, or a real one if a kubeconfig is named.
 */
final class DemoRun implements AutoCloseable {
    private static final String HTTP_PORT = "openkas.http.port";
    /** Names a kubeconfig of a real cluster for the demo agent. */
    private static final String KUBECONFIG = "openkas.demo.kubeconfig";
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(100);
    private static final int LOOKS = 100;

    private final DemoWorld world;
    private final DemoEntry.KasPort kasPort;
    private final BuildInfo build;
    private final RandomGenerator random;
    private final TerminalStory story;
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final SystemTimers timers = new SystemTimers(executor);
    private final Optional<DemoCluster> ownCluster;
    private final ClusterAddress cluster;
    private Optional<DemoAgent> agent = Optional.empty();
    private boolean closed;

    private DemoRun(StartConfiguration start, KasServer server, PropertySource properties, BuildInfo build, RandomGenerator random,
            PrintStream terminal) throws IOException {
        world = start.demo().orElseThrow();
        BoundAddress listener = server.agentListener();
        kasPort = new DemoEntry.KasPort(listener.socketAddress(), listener.address());
        this.build = build;
        this.random = random;
        Optional<String> kubeconfig = properties.value(KUBECONFIG);
        story = new TerminalStory(world, listener.address(), new KubectlWay(kubeconfig.isEmpty(), obstacle(start, server)), terminal);
        ownCluster = kubeconfig.isPresent() ? Optional.empty() : Optional.of(DemoCluster.start(timers, random));
        cluster = ownCluster.isPresent()
                ? ClusterAddress.plain(ownCluster.get().uri())
                : ClusterAddress.ofKubeconfig(Path.of(kubeconfig.orElseThrow()));
    }

    /**
     * Starts the agent of the demo of {@code start} beside {@code server}, which listens already; {@code properties} know the
     * application server's port, and the kubeconfig that leads to the agent's cluster.
     *
     * @throws StartException if there is no way to the cluster
     */
    static DemoRun begin(StartConfiguration start, KasServer server, PropertySource properties, BuildInfo build, RandomGenerator random)
            throws StartException {
        // Open Liberty owns System.out
        PrintStream terminal = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        DemoRun run;
        try {
            run = new DemoRun(start, server, properties, build, random, terminal);
        } catch (IOException e) {
            throw StartException.of("demo: ", e);
        }
        run.story.begin();
        Optional<DemoEntry.HttpPort> http = properties.value(HTTP_PORT).map(Integer::parseInt).filter(port -> port > 0)
                .map(port -> new DemoEntry.HttpPort("localhost", port));
        http.ifPresentOrElse(entry -> run.look(entry, LOOKS), () -> run.enter(run.kasPort));
        return run;
    }

    /** Writes the demo's kubeconfig; why there can be none, or empty text. */
    private static String obstacle(StartConfiguration start, KasServer server) throws IOException {
        KasConfiguration configuration = start.loaded().configuration();
        try {
            start.demo().orElseThrow().offer(
                    Kubeconfig.of(configuration, DemoWorld.USER, DemoWorld.AGENT, url(configuration, server), Optional.empty()).yaml());
            return "";
        } catch (KubeconfigException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** Where kubectl on this machine finds the listener, whatever port it took. */
    private static Optional<String> url(KasConfiguration configuration, KasServer server) {
        Optional<KubernetesApiSection> secure = configuration.agent().kubernetesApi().filter(section -> section.listen().tls().isPresent());
        return secure.flatMap(section -> server.kubernetesApiListener().filter(bound -> bound.port() > 0)
                .map(bound -> "https://127.0.0.1:" + bound.port() + section.urlPathPrefix().replaceFirst("/$", "")));
    }

    /** The port opens after the application has started, and another program may have it. */
    private void look(DemoEntry.HttpPort http, int looks) {
        if (looks == 0) {
            enter(kasPort);
        } else if (http.answers(build.serverName())) {
            enter(http);
        } else {
            timers.after(BETWEEN_LOOKS, () -> look(http, looks - 1));
        }
    }

    private synchronized void enter(DemoEntry entry) {
        if (closed) {
            return;
        }
        story.enters(entry);
        DemoAgent entering = new DemoAgent(entry, world.token(), build.version(), cluster, timers, random, story);
        agent = Optional.of(entering);
        entering.start();
    }

    @Override
    public synchronized void close() {
        closed = true;
        agent.ifPresent(DemoAgent::close);
        ownCluster.ifPresent(DemoCluster::close);
        timers.close();
        executor.shutdownNow();
    }
}
