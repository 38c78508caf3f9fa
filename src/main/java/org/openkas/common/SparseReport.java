package org.openkas.common;

import java.util.HashMap;
import java.util.Map;

/** Error lines of which each text appears once a minute at most, with the number of those that were left out. Thread-safe. */
public final class SparseReport {
    private static final long QUIET_NANOS = 60_000_000_000L;

    private final Timers timers;
    private final Log log;
    private final Map<String, Last> lines = new HashMap<>();

    private static final class Last {
        private long nanos;
        private long omitted;
    }

    /** Writes to {@code log}. */
    public SparseReport(Timers timers, Log log) {
        this.timers = timers;
        this.log = log;
    }

    /** {@code text} is constant: there are only a few of them. */
    public void error(String text, Throwable failure) {
        error(text, failure, log);
    }

    /** The same; {@code about} says more of the one that is written, such as whom it concerns. */
    public void error(String text, Throwable failure, Log about) {
        long omitted;
        synchronized (this) {
            long now = timers.nanos();
            Last last = lines.get(text);
            if (last != null && now - last.nanos < QUIET_NANOS) {
                last.omitted++;
                return;
            }
            omitted = last == null ? 0 : last.omitted;
            Last begun = new Last();
            begun.nanos = now;
            lines.put(text, begun);
        }
        Log line = omitted == 0 ? about : about.with("omitted", omitted);
        line.withError(failure).error(text);
    }
}
