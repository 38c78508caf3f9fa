package org.openkas.gitlab;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.openkas.common.Timers;

/**
 * Bounds how many calls run at once. Who finds no place waits in turn; calls in the background leave a reserve to the others
 * and wait behind them, so that many of them that take long hold up nobody else. Thread-safe.
 */
final class Places {
    private final int reserve;
    private final Timers timers;
    private final Deque<Waiter> urgent = new ArrayDeque<>();
    private final Deque<Waiter> background = new ArrayDeque<>();
    private int free;

    /** Somebody who wants a place: true for having one, false for having given up. */
    private static final class Waiter {
        private final CompletableFuture<Boolean> place = new CompletableFuture<>();
    }

    /** {@code reserve} of the {@code all} places are not for calls in the background. */
    Places(int all, int reserve, Timers timers) {
        this.free = all;
        this.reserve = reserve;
        this.timers = timers;
    }

    /**
     * Takes a place, waiting for it if need be; {@link #release} gives it back.
     *
     * @param patience how long the caller can wait at most
     * @return false if there was none in that time
     */
    boolean take(boolean inBackground, Optional<Duration> patience) throws InterruptedException {
        Waiter waiter = new Waiter();
        CompletableFuture<Boolean> place = waiter.place;
        synchronized (this) {
            (inBackground ? background : urgent).addLast(waiter);
            serve();
        }
        if (place.isDone()) {
            return true;
        }
        Optional<Timers.Cancellable> alarm = patience.map(time -> timers.after(time, () -> place.complete(false)));
        try {
            return place.get();
        } catch (InterruptedException e) {
            if (!place.complete(false) && place.join()) {
                // it came in this very moment, and nobody wants it
                release();
            }
            throw e;
        } catch (ExecutionException e) {
            throw new IllegalStateException("nothing completes a place exceptionally", e);
        } finally {
            alarm.ifPresent(Timers.Cancellable::cancel);
            forget(waiter);
        }
    }

    /** Gives a place back. */
    synchronized void release() {
        free++;
        serve();
    }

    private synchronized void forget(Waiter waiter) {
        if (!urgent.remove(waiter)) {
            background.remove(waiter);
        }
        // those behind it may have waited for nothing but this one
        serve();
    }

    private void serve() {
        while (!urgent.isEmpty() && free > 0) {
            hand(urgent.removeFirst());
        }
        while (urgent.isEmpty() && !background.isEmpty() && free > reserve) {
            hand(background.removeFirst());
        }
    }

    private void hand(Waiter waiter) {
        if (waiter.place.complete(true)) {
            free--;
        }
    }
}
