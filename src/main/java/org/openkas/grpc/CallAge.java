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

    /** Whether waiting should have ended. */
    boolean ended();

    /**
     * The same without an age: ends only when the server drains, or when whoever called may no longer. For waiting that is
     * meant to last as long as the connection.
     */
    default CallAge lasting() {
        return this;
    }

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
