package org.openkas.grpc;

import io.grpc.Attributes;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.openkas.net.PacedReading;

/**
 * Keeps a connection from beginning calls faster than they are dealt with. After some new calls, reading waits until tasks
 * that were given to the executor and back to the event loop after those calls have had their turn twice, which is what it
 * takes to hand a unary call to its handler; and it waits while many unary calls have no answer. Streams may stay without one
 * as long as they like. Runs on the connection's event loop, but for {@link #called} and {@link #answered}, which are
 * thread-safe.
 */
final class CallPace implements PacedReading.Pace {
    /** Where a call finds the pace of its connection. */
    static final Attributes.Key<CallPace> OF_CONNECTION = Attributes.Key.create("openkas-call-pace");

    static final int MAX_UNANSWERED = 64;
    private static final int MAX_FRESH = 32;
    private static final int MANY_AT_ONCE = 16;
    private static final int FEW_UNANSWERED = MAX_UNANSWERED / 2;

    private final Executor loop;
    private final Executor calls;
    private final AtomicInteger unanswered = new AtomicInteger();
    private volatile Optional<Runnable> waiting = Optional.empty();
    private int fresh;
    private int beforeReads;
    private boolean careful;

    /** With the connection's event loop and the executor of calls. */
    CallPace(Executor loop, Executor calls) {
        this.loop = loop;
        this.calls = calls;
    }

    /** A call begins. */
    void begins() {
        fresh++;
    }

    /** A unary call was handed to its handler. */
    void called() {
        unanswered.incrementAndGet();
    }

    /** A call that was {@linkplain #called called} has its answer, or nobody waits for one any more. */
    void answered() {
        if (unanswered.decrementAndGet() <= FEW_UNANSWERED && waiting.isPresent()) {
            loop.execute(this::resumeIfFew);
        }
    }

    /** Whether so many calls came with the last reads that the next ones should be small. */
    boolean careful() {
        return careful;
    }

    @Override
    public boolean behind(Runnable caughtUp) {
        careful = fresh - beforeReads >= MANY_AT_ONCE;
        beforeReads = fresh;
        if (fresh > MAX_FRESH) {
            fresh = 0;
            beforeReads = 0;
            lap(() -> lap(() -> goOn(caughtUp)));
            return true;
        }
        if (unanswered.get() > MAX_UNANSWERED) {
            goOn(caughtUp);
            return true;
        }
        return false;
    }

    private void lap(Runnable then) {
        calls.execute(() -> loop.execute(then));
    }

    private void goOn(Runnable caughtUp) {
        if (unanswered.get() <= MAX_UNANSWERED) {
            caughtUp.run();
            return;
        }
        waiting = Optional.of(caughtUp);
        // answers may have come before anybody could see that they are waited for
        resumeIfFew();
    }

    private void resumeIfFew() {
        if (unanswered.get() <= FEW_UNANSWERED) {
            Optional<Runnable> caughtUp = waiting;
            waiting = Optional.empty();
            caughtUp.ifPresent(Runnable::run);
        }
    }
}
