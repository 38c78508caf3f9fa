package org.openkas.gitlabaccess;

import java.time.Duration;
import org.openkas.common.Timers;

/**
 * Notices that nothing has moved for too long while an agent is waited for: what is kept for it, a place among the connections
 * to GitLab included, is then better given to others. Thread-safe.
 */
final class Standstill {
    /** Far longer than any agent needs that is alive; dead ones lose their connection earlier. */
    static final Duration LIMIT = Duration.ofMinutes(5);

    private final Timers timers;
    private final Runnable tooLong;
    private long movedNanos;
    private boolean waiting;
    private Timers.Cancellable timer = () -> {
    };

    /** {@code tooLong} runs at most once per {@link #waits}. */
    Standstill(Timers timers, Runnable tooLong) {
        this.timers = timers;
        this.tooLong = tooLong;
    }

    /** From here on the agent is waited for. */
    synchronized void waits() {
        waiting = true;
        movedNanos = timers.nanos();
        timer = timers.after(LIMIT, this::look);
    }

    /** The agent is still waited for, but something came. */
    synchronized void moves() {
        movedNanos = timers.nanos();
    }

    /** The agent is not waited for any more. */
    synchronized void over() {
        waiting = false;
        timer.cancel();
    }

    private void look() {
        synchronized (this) {
            if (!waiting) {
                return;
            }
            Duration left = LIMIT.minusNanos(timers.nanos() - movedNanos);
            if (left.isPositive()) {
                timer = timers.after(left, this::look);
                return;
            }
            waiting = false;
        }
        tooLong.run();
    }
}
