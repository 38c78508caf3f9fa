package org.openkas.app;

import io.grpc.ClientInterceptor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import org.openkas.common.BuildInfo;
import org.openkas.common.Log;
import org.openkas.common.SystemTimers;
import org.openkas.grpc.ListenerRuntime;
import org.openkas.grpc.MadeCallTraces;
import org.openkas.grpc.ServedCallTraces;
import org.openkas.net.EventLoops;
import org.openkas.observability.LimiterMetrics;
import org.openkas.observability.Metrics;
import org.openkas.tracing.CarryingExecutor;
import org.openkas.tracing.Tracer;

/**
 * What every room stands on: time, threads, randomness, metrics, and what is known of the surroundings.
 *
 * @param variables the environment variables
 * @param work a directory that the server may write to
 * @param executor starts each task on a virtual thread of its own
 * @param tracer begins spans; empty if tracing is off
 */
record Ground(Map<String, String> variables, BuildInfo build, Path work, Log log, ExecutorService executor, SystemTimers timers,
        EventLoops loops,
        RandomGenerator random, Metrics metrics, LimiterMetrics limiters, Optional<Tracer> tracer) implements AutoCloseable {

    static Ground lay(Map<String, String> variables, BuildInfo build, Path work, Log log, Optional<Tracer> tracer) {
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        ExecutorService executor = tracer.isPresent() ? new CarryingExecutor(threads) : threads;
        Metrics metrics = Metrics.ofServer(build);
        return new Ground(variables, build, work, log, executor, new SystemTimers(threads), EventLoops.standard(),
                () -> ThreadLocalRandom.current().nextLong(), metrics, new LimiterMetrics(metrics.registry()), tracer);
    }

    /** What listeners for callers who show that they are trusted need of it. */
    ListenerRuntime runtime() {
        return new ListenerRuntime(loops, executor, timers, random, tracer.map(ServedCallTraces::ofTrusted));
    }

    /** What listeners for agents need of it. */
    ListenerRuntime agentRuntime() {
        return new ListenerRuntime(loops, executor, timers, random, tracer.map(ServedCallTraces::ofAgents));
    }

    /** What sees calls to other servers: {@code first}, and the traces, if there are any. */
    List<ClientInterceptor> calls(ClientInterceptor first) {
        return tracer.map(MadeCallTraces::new).map(traces -> List.of(first, traces)).orElse(List.of(first));
    }

    @Override
    public void close() {
        timers.close();
        executor.shutdownNow();
        loops.close();
    }
}
