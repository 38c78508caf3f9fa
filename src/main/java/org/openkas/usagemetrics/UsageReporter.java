package org.openkas.usagemetrics;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.gitlab.GitLabException;
import org.openkas.gitlab.UsageReports;
import org.openkas.usage.MemoryUsageCounters;
import org.openkas.usage.UsageSnapshot;

/**
 * Reports once a period what was used since the last report that GitLab took (chapter 02 §6.2), and a last time when it is
 * closed; single uses go along with it. Where nothing was used there is no report. One report goes out at a time. Thread-safe.
 */
public final class UsageReporter implements AutoCloseable {
    /** For the last report: as long as a stopping server waits for it. */
    static final Duration LAST_PATIENCE = Duration.ofSeconds(5);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String FAILED = "Failed to send usage data";

    private final MemoryUsageCounters counters;
    private final UsageReports reports;
    private final EventReporter events;
    private final Duration period;
    private final Timers timers;
    private final Log log;
    private final ReentrantLock reporting = new ReentrantLock();

    // guarded by this
    private Timers.Cancellable timer = () -> {
    };
    private @Nullable Thread reporter;
    private boolean closed;

    /** Nothing is reported before {@link #start}. {@code period} is greater than zero. */
    public UsageReporter(MemoryUsageCounters counters, UsageReports reports, EventReporter events, Duration period, Timers timers,
            Log log) {
        this.counters = counters;
        this.reports = reports;
        this.events = events;
        this.period = period;
        this.timers = timers;
        this.log = log.with("mod_name", "usage_metrics");
    }

    /** Begins the first period. */
    public void start() {
        after(period);
    }

    private synchronized void after(Duration wait) {
        if (!closed) {
            timer = timers.after(wait, this::tick);
        }
    }

    private void tick() {
        long begin = timers.nanos();
        synchronized (this) {
            if (closed) {
                return;
            }
            reporter = Thread.currentThread();
            reporting.lock();
        }
        try {
            report(PATIENCE);
        } catch (InterruptedException e) {
            // the server ends, and GitLab did not answer this one
            return;
        } finally {
            synchronized (this) {
                reporter = null;
            }
            reporting.unlock();
        }
        after(period.minusNanos(timers.nanos() - begin));
    }

    private void report(Duration patience) throws InterruptedException {
        long begin = timers.nanos();
        reportCounts(patience);
        events.report(patience.minusNanos(timers.nanos() - begin));
    }

    private void reportCounts(Duration patience) throws InterruptedException {
        UsageSnapshot used = counters.snapshot();
        if (used.isEmpty()) {
            return;
        }
        try {
            reports.report(used.counts(), used.ids(), patience);
            counters.subtract(used);
        } catch (GitLabException e) {
            e.on(log).error(FAILED);
        } catch (RuntimeException e) {
            log.withError(e).error(FAILED);
        }
    }

    /**
     * Reports what is left. That takes five seconds at most, a report included that is on its way: GitLab would count it twice
     * if it were given up too early.
     */
    @Override
    public void close() {
        long begin = timers.nanos();
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            timer.cancel();
        }
        try {
            if (reporting.tryLock(LAST_PATIENCE.toNanos(), TimeUnit.NANOSECONDS)) {
                try {
                    report(LAST_PATIENCE.minusNanos(timers.nanos() - begin));
                } finally {
                    reporting.unlock();
                }
            } else {
                giveUp();
            }
        } catch (InterruptedException e) {
            // whoever closes is in more of a hurry
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void giveUp() {
        log.with("error", "no answer within " + LAST_PATIENCE.toSeconds() + " s").error(FAILED);
        if (reporter != null) {
            reporter.interrupt();
        }
    }
}
