package org.openkas.grpc;

import java.util.concurrent.Executor;
import org.openkas.net.PacedReading;

/**
 * Keeps a connection from beginning calls faster than threads take them: after some new calls, reading waits until tasks
 * that were given to the executor and back to the event loop after those calls have had their turn twice, which is what it
 * takes to hand a unary call to its handler. How long handlers take does not matter. Runs on the connection's event loop.
 */
final class CallPace implements PacedReading.Pace {
    private static final int MAX_FRESH = 32;

    private final Executor loop;
    private final Executor calls;
    private int fresh;

    /** With the connection's event loop and the executor of calls. */
    CallPace(Executor loop, Executor calls) {
        this.loop = loop;
        this.calls = calls;
    }

    /** A call begins. */
    void begins() {
        fresh++;
    }

    @Override
    public boolean behind(Runnable caughtUp) {
        if (fresh <= MAX_FRESH) {
            return false;
        }
        fresh = 0;
        lap(() -> lap(caughtUp));
        return true;
    }

    private void lap(Runnable then) {
        calls.execute(() -> loop.execute(then));
    }
}
