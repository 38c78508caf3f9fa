package org.openkas.gitaly;

import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import io.grpc.Context;
import io.grpc.Deadline;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.openkas.common.Timers;

/**
 * A token bucket that callers wait at, first come first served (chapter 02 §2.7, §5.6). Full at the beginning. Thread-safe.
 */
final class RateLimiter {
    private static final String UNIT = "{refill/s}";

    private final String name;
    private final Bucket bucket;
    private final Timers timers;
    private final RateLimitObserver observer;

    RateLimiter(String name, double refillPerSecond, int bucketSize, Timers timers, RateLimitObserver observer) {
        this.name = name;
        this.timers = timers;
        this.observer = observer;
        Duration interval = Duration.ofNanos(Math.max(1, Math.round(1e9 / refillPerSecond)));
        bucket = Bucket.builder().addLimit(Bandwidth.builder().capacity(bucketSize).refillGreedy(1, interval).build())
                .withCustomTimePrecision(new SteadyTime(timers)).build();
        observer.limit(name, UNIT, refillPerSecond);
    }

    /**
     * Takes a token; blocks until there is one.
     *
     * @return false if that would take longer than the deadline of the current {@link Context}; no token is taken then
     */
    boolean acquire() throws InterruptedException {
        Deadline deadline = Context.current().getDeadline();
        long wait = bucket.consumeIgnoringRateLimits(1);
        if (deadline != null && deadline.timeRemaining(TimeUnit.NANOSECONDS) < wait) {
            giveBack(0);
            return false;
        }
        if (wait > 0) {
            long begun = timers.nanos();
            CountDownLatch over = new CountDownLatch(1);
            Timers.Cancellable timer = timers.after(Duration.ofNanos(wait), over::countDown);
            try {
                over.await();
            } catch (InterruptedException e) {
                timer.cancel();
                giveBack(timers.nanos() - begun);
                throw e;
            }
        }
        observer.decided(name, Duration.ofNanos(wait), true);
        return true;
    }

    private void giveBack(long blockedNanos) {
        bucket.addTokens(1);
        observer.decided(name, Duration.ofNanos(blockedNanos), false);
    }

    /** Our steady clock as the bucket wants it. */
    private record SteadyTime(Timers timers) implements TimeMeter {
        @Override
        public long currentTimeNanos() {
            return timers.nanos();
        }

        @Override
        public boolean isWallClockBased() {
            return false;
        }
    }
}
