package org.openkas.common;

import java.time.Duration;
import java.time.Instant;

/**
 * Time as the server sees it: the wall clock, a steady clock, and tasks that run later. Everything that waits or
 * measures takes this port, so that tests can drive it. Implementations are thread-safe.
 */
public interface Timers {

    /** The wall clock. */
    Instant now();

    /** A steady clock in nanoseconds with an arbitrary origin; only differences mean anything. */
    long nanos();

    /**
     * Runs {@code task} once, not earlier than {@code delay} from now, on a thread of its own that may block. A zero or
     * negative delay means as soon as possible, never on the calling thread.
     */
    Cancellable after(Duration delay, Runnable task);

    /** A task that may still be withdrawn. */
    interface Cancellable {
        /** Withdraws the task; without effect when it already runs or ran, and never interrupts it. */
        void cancel();
    }
}
