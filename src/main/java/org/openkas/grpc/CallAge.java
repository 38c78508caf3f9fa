package org.openkas.grpc;

import org.openkas.common.Timers;

/**
 * When a call should stop waiting: at its share of the connection's greatest age, or when the server drains (chapter 01
 * §3.3, §3.4). It bounds idle waiting only; work that has begun goes on. Thread-safe.
 */
public interface CallAge {

    /**
     * Runs {@code action} once when waiting should end, at once on the calling thread if that moment has passed. Cancelling
     * forgets the action.
     */
    Timers.Cancellable whenEnded(Runnable action);

    /**
     * Runs {@code action} once when the server drains, at once on the calling thread if it does already; for calls that wait
     * for as long as their connection lasts, and must not hold up the end of the server. Cancelling forgets the action.
     */
    default Timers.Cancellable whenDraining(Runnable action) {
        return () -> {
        };
    }

    /** Whether waiting should have ended. */
    boolean ended();

    /** Never ends; for calls without a connection. */
    CallAge ENDLESS = new CallAge() {
        @Override
        public Timers.Cancellable whenEnded(Runnable action) {
            return () -> {
            };
        }

        @Override
        public boolean ended() {
            return false;
        }
    };
}
