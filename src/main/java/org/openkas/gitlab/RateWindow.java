package org.openkas.gitlab;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.openkas.common.Timers;

/** Counts what happens, so that not more than a number of things happen within any one second. Not thread-safe. */
final class RateWindow {
    private static final long SPAN_NANOS = Duration.ofSeconds(1).toNanos();

    private final int most;
    private final Timers timers;
    private final Deque<Long> happened = new ArrayDeque<>();

    RateWindow(int most, Timers timers) {
        this.most = most;
        this.timers = timers;
    }

    /** Whether one more thing may happen now. */
    boolean hasRoom() {
        long now = timers.nanos();
        while (!happened.isEmpty() && now - happened.peekFirst() >= SPAN_NANOS) {
            happened.removeFirst();
        }
        return happened.size() < most;
    }

    /** Counts something that happens now, whether there was room for it or not. */
    void count() {
        // what lies further back than the last ones changes nothing
        if (happened.size() == most) {
            happened.removeFirst();
        }
        happened.addLast(timers.nanos());
    }
}
