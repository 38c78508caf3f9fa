package org.openkas.common;

import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Runs one piece of work again and again, whenever somebody asks, never twice at a time. Between rounds no thread is held. A
 * round that fails ends like any other.
 * Thread-safe.
 */
public final class Rounds {
    private enum State {
        IDLE, RUNNING,
        /** Running, and somebody has asked since the round began. */
        ASKED_AGAIN
    }

    private final Executor executor;
    private final Runnable round;
    private State state = State.IDLE;
    private @Nullable Thread interruptible;

    /** {@code round} may block if threads of {@code executor} may. */
    public Rounds(Executor executor, Runnable round) {
        this.executor = executor;
        this.round = round;
    }

    /** A round will begin after this call; returns at once unless the executor runs on the calling thread. */
    public void ask() {
        synchronized (this) {
            if (state != State.IDLE) {
                state = State.ASKED_AGAIN;
                return;
            }
            state = State.RUNNING;
        }
        executor.execute(this::run);
    }

    /** Interrupts the round that runs now, if one does. */
    public synchronized void interrupt() {
        if (interruptible != null) {
            interruptible.interrupt();
        }
    }

    /** From here to its end the current round is not interrupted; called by the round itself. */
    public synchronized void shield() {
        interruptible = null;
        // an interruption that came before has done its work
        boolean _ = Thread.interrupted();
    }

    private void run() {
        boolean complete = false;
        try {
            do {
                synchronized (this) {
                    state = State.RUNNING;
                    interruptible = Thread.currentThread();
                }
                try {
                    round.run();
                } finally {
                    shield();
                }
            } while (!idle());
            complete = true;
        } finally {
            if (!complete && !idle()) {
                executor.execute(this::run);
            }
        }
    }

    private synchronized boolean idle() {
        if (state == State.ASKED_AGAIN) {
            return false;
        }
        state = State.IDLE;
        return true;
    }
}
