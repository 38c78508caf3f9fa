package org.openkas.gitlab;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.openkas.common.Timers;

/**
 * Spares a GitLab that does not answer as it should, and the log: while calls fail, all callers together make at most
 * {@value #PROBES_PER_SECOND} of them within any second; everyone else gets the last failure at once. The first retries of
 * a few callers pass immediately, so that a single failure costs nobody time. The first call that GitLab answers ends it.
 * A GitLab that is only {@linkplain #slow() slow} gets every call, since waiting may help. Thread-safe.
 */
final class LoadShedding {
    private static final int PROBES_PER_SECOND = 4;
    /** How long GitLab counts as slow after a caller waited for it in vain. */
    private static final long SLOW_NANOS = Duration.ofSeconds(30).toNanos();

    private final Timers timers;
    private final RateWindow probes;
    private final RateWindow lateReports;
    private OptionalLong lateNanos = OptionalLong.empty();
    private @Nullable GitLabException lastFailure;
    private int probing;

    LoadShedding(Timers timers) {
        this.timers = timers;
        probes = new RateWindow(PROBES_PER_SECOND, timers);
        lateReports = new RateWindow(PROBES_PER_SECOND, timers);
    }

    /** A call that may be made. Closed when it has ended, however it ended. */
    final class Call implements AutoCloseable {
        private final boolean probe;

        private Call(boolean probe) {
            this.probe = probe;
        }

        /** GitLab answered; whether it said yes or no does not matter. */
        void answered() {
            LoadShedding.this.answered();
        }

        /** The call failed. */
        void failed(GitLabException failure) {
            if (failure.kind() != GitLabException.Kind.UNAVAILABLE) {
                LoadShedding.this.answered();
            } else if (failure.late()) {
                LoadShedding.this.late(failure);
            } else if (failure.outage() && !failure.remembered()) {
                LoadShedding.this.failed(failure, probe);
            }
        }

        @Override
        public void close() {
            if (probe) {
                ended();
            }
        }
    }

    /**
     * Asks whether a call may be made now.
     *
     * @throws GitLabException the last failure, if not
     */
    synchronized Call admit() throws GitLabException {
        GitLabException failure = lastFailure;
        if (failure == null && !slow()) {
            return new Call(false);
        }
        if (failure != null && !probeWouldPass()) {
            throw failure.again();
        }
        probes.count();
        probing++;
        return new Call(true);
    }

    /** The failure that calls end with at the moment; empty while GitLab answers. */
    synchronized Optional<GitLabException> failure() {
        return Optional.ofNullable(lastFailure).map(GitLabException::again);
    }

    /** Whether a caller waited in vain a short while ago, and GitLab has answered nobody since. */
    synchronized boolean slow() {
        return lateNanos.isPresent() && timers.nanos() - lateNanos.getAsLong() < SLOW_NANOS;
    }

    /** Whether there is sense in a call that nobody waits for. */
    synchronized boolean probeWouldPass() {
        // calls that hang count as long as they hang: a GitLab that does not answer four will not answer forty
        return (lastFailure == null && !slow()) || (probing < PROBES_PER_SECOND && probes.hasRoom());
    }

    private synchronized void late(GitLabException failure) {
        lateNanos = OptionalLong.of(timers.nanos());
        if (!lateReports.hasRoom()) {
            // of many callers who wait, the first few are enough to tell the operator
            failure.markReported();
        }
        lateReports.count();
    }

    private synchronized void answered() {
        lastFailure = null;
        lateNanos = OptionalLong.empty();
    }

    private synchronized void failed(GitLabException failure, boolean counted) {
        lastFailure = failure.again();
        if (!counted) {
            if (!probes.hasRoom()) {
                // of many calls that were under way when GitLab went away, the first few are enough to tell the operator
                failure.markReported();
            }
            probes.count();
        }
    }

    private synchronized void ended() {
        probing--;
    }
}
