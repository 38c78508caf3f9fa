package org.openkas.gitlab;

import java.time.Duration;

/** Told what a rate limiter did with each call, for metrics (chapter 02 §2.7). Implementations are thread-safe and quick. */
@FunctionalInterface
public interface LimiterObserver {

    /** Looks away. */
    LimiterObserver NONE = (blocked, allowed) -> {
    };

    /**
     * A call was let pass or refused.
     *
     * @param blocked how long it was held up
     */
    void decided(Duration blocked, boolean allowed);
}
