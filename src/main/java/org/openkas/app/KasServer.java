package org.openkas.app;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.openkas.common.BuildInfo;
import org.openkas.common.Log;
import org.openkas.common.SystemTimers;
import org.openkas.net.EventLoops;
import org.openkas.net.ListenAddress;
import org.openkas.net.ListenException;
import org.openkas.net.Network;
import org.openkas.net.Security;
import org.openkas.observability.Metrics;
import org.openkas.observability.ObservabilityEndpoint;
import org.openkas.observability.ObservabilityPaths;
import org.openkas.observability.Probes;

/** stub */
final class KasServer implements AutoCloseable {
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final SystemTimers timers = new SystemTimers(executor);
    private final EventLoops loops = EventLoops.standard();
    private final ObservabilityEndpoint observability;

    KasServer(BuildInfo build, Log log, Probes probes) {
        observability = new ObservabilityEndpoint(new ListenAddress(Network.TCP, System.getProperty("o", "127.0.0.1:8151")), new Security.Plain(),
                ObservabilityPaths.STANDARD, probes, Metrics.ofServer(build), build.serverName(), loops, timers, executor, log);
    }

    void start() throws ListenException {
        observability.start();
    }

    void drain() {
    }

    @Override
    public void close() {
        observability.close();
        loops.close();
        timers.close();
        executor.close();
    }
}
