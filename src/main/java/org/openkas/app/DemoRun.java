package org.openkas.app;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.random.RandomGenerator;
import org.openkas.common.BuildInfo;
import org.openkas.common.SystemTimers;
import org.openkas.demo.ClusterAddress;
import org.openkas.demo.DemoAgent;
import org.openkas.demo.DemoCluster;
import org.openkas.demo.DemoWorld;
import org.openkas.demo.TerminalStory;
import org.openkas.net.BoundAddress;

/**
 * The demo agent beside the server, telling its story on standard output: the one case in which there is something to read
 * there. It comes through the public listener, with nothing shared but the address.
 */
record DemoRun(DemoAgent agent, Optional<DemoCluster> cluster, SystemTimers timers, ExecutorService executor) implements AutoCloseable {

    /**
     * Starts the agent of {@code world} against the agents' listener.
     *
     * @param kubeconfig leads to the agent's cluster; empty for one of the demo's own
     * @throws StartException if there is no way to the cluster
     */
    static DemoRun begin(DemoWorld world, BoundAddress listener, Optional<Path> kubeconfig, BuildInfo build, RandomGenerator random)
            throws StartException {
        // Open Liberty owns System.out
        PrintStream terminal = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        TerminalStory story = new TerminalStory(world, listener.address(), terminal);
        ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
        SystemTimers timers = new SystemTimers(executor);
        try {
            Optional<DemoCluster> cluster = kubeconfig.isPresent() ? Optional.empty() : Optional.of(DemoCluster.start(timers, random));
            ClusterAddress address = cluster.isPresent()
                    ? ClusterAddress.plain(cluster.get().uri())
                    : ClusterAddress.ofKubeconfig(kubeconfig.orElseThrow());
            DemoAgent agent = new DemoAgent(listener.socketAddress(), world.token(), build.version(), address, timers, random, story);
            story.begin();
            agent.start();
            return new DemoRun(agent, cluster, timers, executor);
        } catch (IOException e) {
            timers.close();
            executor.shutdownNow();
            throw StartException.of("demo: ", e);
        }
    }

    @Override
    public void close() {
        agent.close();
        cluster.ifPresent(DemoCluster::close);
        timers.close();
        executor.shutdownNow();
    }
}
