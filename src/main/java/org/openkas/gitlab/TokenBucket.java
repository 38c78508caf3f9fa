package org.openkas.gitlab;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.openkas.common.Timers;

/**
 * Limits the rate of calls: a bucket that is full at first, loses a token with each call and is refilled steadily (chapter 02
 * §2.7). Who finds it empty waits in turn. Calls in the background leave a reserve to the others and wait behind them, so that
 * a thousand reports after a restart delay nobody who wants to know who an agent is. Thread-safe.
 */
public final class TokenBucket {
    /** The share of the bucket that calls in the background do not touch. */
    private static final double RESERVE = 0.2;

    private final double perSecond;
    private final int size;
    private final double reserve;
    private final Timers timers;
    private final LimiterObserver observer;
    private final Deque<Waiter> urgent = new ArrayDeque<>();
    private final Deque<Waiter> background = new ArrayDeque<>();
    private double tokens;
    private long filledNanos;
    private Timers.@Nullable Cancellable refill;

    private static final class Waiter {
        private final CountDownLatch served = new CountDownLatch(1);
    }

    /**
     * A full bucket.
     *
     * @param perSecond how many tokens are added in a second, more than 0
     * @param size how many tokens fit in, at least 1
     * @param observer told how long each call was held up
     */
    public TokenBucket(double perSecond, int size, Timers timers, LimiterObserver observer) {
        this.perSecond = perSecond;
        this.size = size;
        this.reserve = Math.floor(size * RESERVE);
        this.timers = timers;
        this.observer = observer;
        this.tokens = size;
        this.filledNanos = timers.nanos();
    }

    /** How many calls a second it lets pass in the long run. */
    public double perSecond() {
        return perSecond;
    }

    /**
     * Takes one token, waiting for it if need be.
     *
     * @param patience how long the caller can wait at most
     * @return false, at once, if the token would come too late
     */
    boolean take(boolean inBackground, Optional<Duration> patience) throws InterruptedException {
        long begin = timers.nanos();
        boolean allowed = false;
        try {
            allowed = await(inBackground, patience);
            return allowed;
        } finally {
            observer.decided(Duration.ofNanos(timers.nanos() - begin), allowed);
        }
    }

    private boolean await(boolean inBackground, Optional<Duration> patience) throws InterruptedException {
        Waiter waiter = new Waiter();
        synchronized (this) {
            fill();
            double ahead = inBackground ? urgent.size() + background.size() + reserve : urgent.size();
            double missing = ahead + 1 - tokens;
            if (missing > 0 && patience.isPresent() && nanos(missing) > patience.get().toNanos()) {
                return false;
            }
            (inBackground ? background : urgent).addLast(waiter);
            serve();
        }
        try {
            waiter.served.await();
            return true;
        } catch (InterruptedException e) {
            giveUp(waiter);
            throw e;
        }
    }

    private synchronized void giveUp(Waiter waiter) {
        if (!urgent.remove(waiter) && !background.remove(waiter)) {
            // it was served in this very moment: the token goes to whoever is next
            tokens = Math.min(size, tokens + 1);
            serve();
        }
    }

    private synchronized void refill() {
        refill = null;
        fill();
        serve();
    }

    private void fill() {
        long now = timers.nanos();
        tokens = Math.min(size, tokens + perSecond * (now - filledNanos) / 1e9);
        filledNanos = now;
    }

    private void serve() {
        while (!urgent.isEmpty() && enough(1)) {
            tokens -= 1;
            urgent.removeFirst().served.countDown();
        }
        while (urgent.isEmpty() && !background.isEmpty() && enough(1 + reserve)) {
            tokens -= 1;
            background.removeFirst().served.countDown();
        }
        if (refill == null && !(urgent.isEmpty() && background.isEmpty())) {
            double wanted = urgent.isEmpty() ? 1 + reserve : 1;
            refill = timers.after(Duration.ofNanos(nanos(wanted - tokens)), this::refill);
        } else if (refill != null && !urgent.isEmpty()) {
            // the refill may have been planned for a call in the background, which waits for more tokens
            refill.cancel();
            refill = timers.after(Duration.ofNanos(nanos(1 - tokens)), this::refill);
        }
    }

    /** Tokens are counted with fractions; a millionth less than enough is a rounding error. */
    private boolean enough(double wanted) {
        return tokens >= wanted - 1e-6;
    }

    private long nanos(double missing) {
        return (long) Math.ceil(missing / perSecond * 1e9);
    }
}
