package org.openkas.app;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import org.openkas.common.BuildInfo;
import org.openkas.common.Log;
import org.openkas.common.SystemTimers;
import org.openkas.grpc.ListenerRuntime;
import org.openkas.net.EventLoops;
import org.openkas.observability.LimiterMetrics;
import org.openkas.observability.Metrics;

/**
 * What every room stands on: time, threads, randomness, metrics, and what is known of the surroundings.
 *
 * @param variables the environment variables
 * @param work a directory that the server may write to
 * @param executor starts each task on a virtual thread of its own
 */
record Ground(Map<String, String> variables, BuildInfo build, Path work, Log log, ExecutorService executor, SystemTimers timers,
        EventLoops loops,
        RandomGenerator random, Metrics metrics, LimiterMetrics limiters) implements AutoCloseable {

    static Ground lay(Map<String, String> variables, BuildInfo build, Path work, Log log) {
        ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
        Metrics metrics = Metrics.ofServer(build);
        return new Ground(variables, build, work, log, executor, new SystemTimers(executor), EventLoops.standard(),
                () -> ThreadLocalRandom.current().nextLong(), metrics, new LimiterMetrics(metrics.registry()));
    }

    /** What listeners need of it. */
    ListenerRuntime runtime() {
        return new ListenerRuntime(loops, executor, timers, random);
    }

    @Override
    public void close() {
        timers.close();
        executor.shutdownNow();
        loops.close();
    }
}
