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
 * An error of GitLab's own (status 500) concerns only those who ask about the same, until something else gets one too.
 * A GitLab that is only {@linkplain #slow() slow} gets every call, since waiting may help. Thread-safe.
 */
final class LoadShedding {
    private static final int PROBES_PER_SECOND = 4;
    /** GitLab stumbles over one question more often than over all; the other 5xx come from what stands before it. */
    private static final int INTERNAL_ERROR = 500;
    /** How long GitLab counts as slow after a caller waited for it in vain. */
    private static final long SLOW_NANOS = Duration.ofSeconds(30).toNanos();

    private final Timers timers;
    private final RateWindow probes;
    private final RateWindow lateReports;
    private OptionalLong lateNanos = OptionalLong.empty();
    private @Nullable GitLabException lastFailure;
    /** What alone the last failure concerns, if it does not concern everything. */
    private @Nullable Object failing;
    private int probing;

    LoadShedding(Timers timers) {
        this.timers = timers;
        probes = new RateWindow(PROBES_PER_SECOND, timers);
        lateReports = new RateWindow(PROBES_PER_SECOND, timers);
    }

    /** A call that may be made. Closed when it has ended, however it ended. */
    final class Call implements AutoCloseable {
        private final Object key;
        private final boolean probe;

        private Call(Object key, boolean probe) {
            this.key = key;
            this.probe = probe;
        }

        /** GitLab answered; whether it said yes or no does not matter. */
        void answered() {
            LoadShedding.this.answered();
        }

        /** The call failed. */
        void failed(GitLabException failure) {
            if (failure.late()) {
                LoadShedding.this.late(failure);
            } else if (!failure.outage()) {
                // whatever it said to this call, it is there
                LoadShedding.this.answered();
            } else if (!failure.remembered()) {
                LoadShedding.this.failed(key, failure, probe);
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
     * @param key what it asks about
     * @throws GitLabException the last failure, if not
     */
    synchronized Call admit(Object key) throws GitLabException {
        GitLabException failure = failureOf(key);
        if (failure == null && !slow()) {
            return new Call(key, false);
        }
        if (failure != null && !probeWouldPass(key)) {
            throw failure.again();
        }
        probes.count();
        probing++;
        return new Call(key, true);
    }

    /** The failure that calls about {@code key} end with at the moment; empty while GitLab answers. */
    synchronized Optional<GitLabException> failure(Object key) {
        return Optional.ofNullable(failureOf(key)).map(GitLabException::again);
    }

    private @Nullable GitLabException failureOf(Object key) {
        return failing == null || failing.equals(key) ? lastFailure : null;
    }

    /** Whether a caller waited in vain a short while ago, and GitLab has answered nobody since. */
    synchronized boolean slow() {
        return lateNanos.isPresent() && timers.nanos() - lateNanos.getAsLong() < SLOW_NANOS;
    }

    /** Whether there is sense in a call about {@code key} that nobody waits for. */
    synchronized boolean probeWouldPass(Object key) {
        // calls that hang count as long as they hang: a GitLab that does not answer four will not answer forty
        return (failureOf(key) == null && !slow()) || (probing < PROBES_PER_SECOND && probes.hasRoom());
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
        failing = null;
        lateNanos = OptionalLong.empty();
    }

    private synchronized void failed(Object key, GitLabException failure, boolean counted) {
        boolean ofThisAlone = failure.statusCode() == INTERNAL_ERROR && (lastFailure == null || key.equals(failing));
        failing = ofThisAlone ? key : null;
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
