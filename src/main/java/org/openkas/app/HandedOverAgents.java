package org.openkas.app;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.openkas.grpc.HandoffListener;

/**
 * The gRPC server of the agents that somebody else's port brings: ended in order and made anew when that port closes while
 * the server goes on, ended for good with the server (chapter 01 §3.4). Thread-safe.
 */
final class HandedOverAgents implements AutoCloseable {
    private final Supplier<HandoffListener> maker;
    private HandoffListener current;
    private boolean drained;
    private boolean over;

    /** {@code maker} makes listeners that have not been started. */
    HandedOverAgents(Supplier<HandoffListener> maker) {
        this.maker = maker;
        current = maker.get();
    }

    synchronized void start() {
        current.start();
    }

    /** Takes sessions now. */
    synchronized HandoffListener listener() {
        return current;
    }

    /** Ends the connections that there are, and takes no others. Blocks; a second caller waits for the first. */
    synchronized void drain(Duration limit) throws InterruptedException {
        if (!drained) {
            drained = true;
            current.drain(limit);
        }
    }

    /** As {@link #drain}, for good; runs {@code agesEnded} when no call waits for its end any more. */
    synchronized void end(Duration limit, Runnable agesEnded) throws InterruptedException {
        over = true;
        if (drained) {
            agesEnded.run();
        } else {
            drained = true;
            current.drain(limit, agesEnded);
        }
    }

    /** A new listener that runs, if the old one was drained but not for good. */
    synchronized Optional<HandoffListener> renew() {
        if (over || !drained) {
            return Optional.empty();
        }
        current = maker.get();
        current.start();
        drained = false;
        return Optional.of(current);
    }

    @Override
    public synchronized void close() {
        over = true;
        current.close();
    }
}
