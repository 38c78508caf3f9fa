package org.openkas.common;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Growing, jittered waits between attempts (chapter 01 §4.2). The n-th wait is {@code base_n * (1 + random[0, jitter))},
 * with {@code base_1 = initial} and {@code base_(n+1) = min(base_n * factor, maximum)}. A wait asked for more than
 * {@code reset} after the previous one starts the sequence over. Not thread-safe: one owner each.
 */
public final class Backoff {

    /** The numbers of a back-off; {@code jitter} 1.0 doubles a wait at most. */
    public record Policy(Duration initial, Duration maximum, double factor, double jitter, Duration reset) {
        /** Of agents' configurations: at last once in one to two minutes. */
        public static final Policy CONFIGURATIONS = doubling(Duration.ofSeconds(10), Duration.ofMinutes(1), Duration.ofMinutes(2));
        /** Of manifests and notifications: at last once in five to ten minutes. */
        public static final Policy MANIFESTS = doubling(Duration.ofSeconds(10), Duration.ofMinutes(5), Duration.ofMinutes(10));

        /** Factor 2 and jitter 1.0, as almost every user has it. */
        public static Policy doubling(Duration initial, Duration maximum, Duration reset) {
            return new Policy(initial, maximum, 2.0, 1.0, reset);
        }

        /** A new sequence. */
        public Backoff begin(Timers timers, RandomGenerator random) {
            return new Backoff(this, timers, random);
        }
    }

    private final Policy policy;
    private final Timers timers;
    private final RandomGenerator random;
    private long baseNanos;
    private long lastNanos;
    private boolean begun;

    private Backoff(Policy policy, Timers timers, RandomGenerator random) {
        this.policy = policy;
        this.timers = timers;
        this.random = random;
    }

    /** The next wait; the wait is taken to begin now. */
    public Duration next() {
        long now = timers.nanos();
        if (!begun || now - lastNanos > policy.reset().toNanos()) {
            baseNanos = policy.initial().toNanos();
        }
        begun = true;
        lastNanos = now;
        long wait = (long) ((double) baseNanos * (1 + random.nextDouble() * policy.jitter()));
        baseNanos = Math.min((long) ((double) baseNanos * policy.factor()), policy.maximum().toNanos());
        return Duration.ofNanos(wait);
    }
}
