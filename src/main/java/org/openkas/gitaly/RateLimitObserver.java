package org.openkas.gitaly;

import java.time.Duration;

/** Told what rate limiters do, for the metrics of chapter 05 §12.1. Implementations are thread-safe and quick. */
public interface RateLimitObserver {

    /** Takes no notice. */
    RateLimitObserver NONE = new RateLimitObserver() {
        @Override
        public void limit(String limiter, String unit, double value) {
        }

        @Override
        public void decided(String limiter, Duration blocked, boolean allowed) {
        }
    };

    /** A limiter exists: its value for {@code limiter_limit}. */
    void limit(String limiter, String unit, double value);

    /** A call was let through or refused after it was held up this long: an entry of {@code limiter_block_duration}. */
    void decided(String limiter, Duration blocked, boolean allowed);
}
