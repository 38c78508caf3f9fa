package org.openkas.cluster;

import java.time.Duration;
import org.openkas.common.Timers;

/** Runs a task again and again, one period after it began the last time, or at once where it took longer. Thread-safe. */
final class Periodic implements AutoCloseable {
    private final Timers timers;
    private final long periodNanos;
    private final Runnable task;
    private Timers.Cancellable next;
    private boolean closed;

    Periodic(Timers timers, Duration period, Runnable task) {
        this.timers = timers;
        periodNanos = period.toNanos();
        this.task = task;
        next = timers.after(period, this::run);
    }

    private void run() {
        long begin = timers.nanos();
        try {
            task.run();
        } finally {
            again(Duration.ofNanos(Math.max(0, begin + periodNanos - timers.nanos())));
        }
    }

    private synchronized void again(Duration delay) {
        if (!closed) {
            next = timers.after(delay, this::run);
        }
    }

    /** A run that has begun goes on. */
    @Override
    public synchronized void close() {
        closed = true;
        next.cancel();
    }
}
