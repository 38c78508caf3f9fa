package org.openkas.common;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The real clocks. One thread keeps the time; each due task starts on the given executor. Thread-safe. */
public final class SystemTimers implements Timers, AutoCloseable {
    private final ScheduledThreadPoolExecutor clock;
    private final Executor executor;

    /** Tasks run on {@code executor}, which must start each of them without waiting for others. */
    public SystemTimers(Executor executor) {
        this.executor = executor;
        clock = new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().name("openkas-timers").daemon().factory());
        clock.setRemoveOnCancelPolicy(true);
        clock.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    @Override
    public Instant now() {
        return Instant.now();
    }

    @Override
    public long nanos() {
        return System.nanoTime();
    }

    @Override
    public Cancellable after(Duration delay, Runnable task) {
        Future<?> future = clock.schedule(() -> executor.execute(task), Math.max(0, delay.toNanos()), TimeUnit.NANOSECONDS);
        return () -> future.cancel(false);
    }

    /** Drops every task that has not begun. */
    @Override
    public void close() {
        clock.shutdownNow();
    }
}
