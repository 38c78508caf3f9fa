package org.openkas.app;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.openkas.cluster.TokenLimiter;
import org.openkas.common.AgentToken;
import org.openkas.common.Timers;
import org.openkas.observability.LimiterMetrics;

/**
 * Writes down how long agents' calls were held up by the limit of their token, and what was decided (chapter 01 §3.7).
 * Thread-safe.
 */
record MeasuredTokenLimiter(TokenLimiter limiter, LimiterMetrics metrics, Timers timers) implements TokenLimiter {
    /** As metrics call it. */
    static final String NAME = "agent_connection";

    @Override
    public CompletionStage<Boolean> allow(AgentToken token) {
        long begin = timers.nanos();
        return limiter.allow(token).thenApply(allowed -> {
            metrics.decided(NAME, Duration.ofNanos(timers.nanos() - begin), allowed);
            return allowed;
        });
    }
}
