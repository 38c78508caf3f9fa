package org.openkas.gitlab;

import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.Optional;

/** How often and after which waits a call is attempted again (chapter 02 §2.8). Not thread-safe: one call each. */
final class Attempts {
    private static final int MOST = 5;
    private static final Duration FIRST_WAIT = Duration.ofMillis(100);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);

    private int left;
    private Duration wait = FIRST_WAIT;

    Attempts(boolean several) {
        left = several ? MOST : 1;
    }

    /** How long to wait before the next attempt; empty if the answer stands. */
    Optional<Duration> afterAnswer(GitLabResponse answer) {
        int status = answer.status();
        if (status != 429 && (status < 500 || status == 501)) {
            return Optional.empty();
        }
        Optional<Duration> usual = next();
        return status == 429 || status == 503 ? usual.map(time -> wished(answer).orElse(time)) : usual;
    }

    /** How long to wait before the next attempt; empty if the failure stands. */
    Optional<Duration> afterFailure(GitLabException failure) {
        for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof CertificateException) {
                // a certificate does not get better within seconds
                return Optional.empty();
            }
        }
        return next();
    }

    private Optional<Duration> next() {
        left--;
        if (left == 0) {
            return Optional.empty();
        }
        Duration now = wait;
        Duration twice = wait.multipliedBy(2);
        wait = twice.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : twice;
        return Optional.of(now);
    }

    private static Optional<Duration> wished(GitLabResponse answer) {
        try {
            return answer.header("Retry-After").map(seconds -> Duration.ofSeconds(Long.parseUnsignedLong(seconds)));
        } catch (NumberFormatException e) {
            // a date; the usual wait will do
            return Optional.empty();
        }
    }
}
