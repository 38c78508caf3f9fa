package org.openkas.testkit;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.random.RandomGenerator;
import org.openkas.common.SystemTimers;
import org.openkas.grpc.ListenerRuntime;
import org.openkas.net.EventLoops;

/** What real listeners run on in a test. */
public final class Threads implements AutoCloseable {
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final SystemTimers timers = new SystemTimers(executor);
    private final EventLoops loops = new EventLoops(2);

    public ListenerRuntime runtime() {
        return new ListenerRuntime(loops, executor, timers, RandomGenerator.getDefault());
    }

    public ExecutorService executor() {
        return executor;
    }

    public SystemTimers timers() {
        return timers;
    }

    public EventLoops loops() {
        return loops;
    }

    @Override
    public void close() {
        timers.close();
        executor.shutdownNow();
        loops.close();
    }
}
