package org.openkas.repository;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.openkas.common.Log;

/**
 * Hands outcomes to one listener, one at a time and in order, without holding a lock meanwhile. A resolution that the
 * listener knows already is left out. Should the listener fall far behind, the oldest outcomes are dropped. Thread-safe.
 */
final class WatchDelivery {
    private static final int MOST_WAITING = 16;

    private final RefWatches.Listener listener;
    private final Executor executor;
    private final Log log;
    private final Deque<Outcome> waiting = new ArrayDeque<>();
    private @Nullable Outcome latest;
    private boolean delivering;
    private boolean closed;

    WatchDelivery(RefWatches.Listener listener, Executor executor, Log log) {
        this.listener = listener;
        this.executor = executor;
        this.log = log;
    }

    /** Takes an outcome; returns whether {@link #start} has to be called, which must happen without locks. */
    synchronized boolean offer(Outcome outcome) {
        if (closed || (outcome instanceof Outcome.Resolved && outcome.equals(latest))) {
            return false;
        }
        latest = outcome;
        if (waiting.size() == MOST_WAITING) {
            waiting.removeFirst();
        }
        waiting.addLast(outcome);
        if (delivering) {
            return false;
        }
        delivering = true;
        return true;
    }

    /** Begins to deliver on the executor. */
    void start() {
        executor.execute(this::deliver);
    }

    private void deliver() {
        for (Outcome next = next(); next != null; next = next()) {
            try {
                switch (next) {
                    case Outcome.Resolved(Resolution resolution) -> listener.resolved(resolution);
                    case Outcome.Failed(RepositoryException failure) -> listener.failed(failure);
                }
            } catch (RuntimeException e) {
                log.withError(e).error("A listener of a repository failed");
            }
        }
    }

    private synchronized @Nullable Outcome next() {
        Outcome next = closed ? null : waiting.pollFirst();
        delivering = next != null;
        return next;
    }

    /** No call begins any more. */
    synchronized void close() {
        closed = true;
        waiting.clear();
    }
}
