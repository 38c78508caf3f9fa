package org.openkas.agentconfiguration;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.openkas.common.Timers;

/** Interrupts the thread that made it when a time has passed before it was closed. Closed by that thread. */
final class TimeLimit implements AutoCloseable {
    private final Timers.Cancellable timer;
    private @Nullable Thread thread = Thread.currentThread();
    private boolean passed;

    TimeLimit(Timers timers, Duration limit) {
        timer = timers.after(limit, this::pass);
    }

    private synchronized void pass() {
        if (thread != null) {
            passed = true;
            thread.interrupt();
        }
    }

    synchronized boolean passed() {
        return passed;
    }

    @Override
    public synchronized void close() {
        thread = null;
        timer.cancel();
        if (passed) {
            // whoever waits next on this thread is not meant
            boolean _ = Thread.interrupted();
        }
    }
}
