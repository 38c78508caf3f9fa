package org.openkas.grpc;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.openkas.common.Backoff;
import org.openkas.common.Log;
import org.openkas.common.Rounds;
import org.openkas.common.Timers;

/**
 * A stream of the server that waits for something to tell, without a thread (chapter 01 §4.3): a round runs when a look-up is
 * due, somebody {@linkplain #ask asks} for it, or the stream must end, by its age or because the caller has gone. Rounds run
 * one at a time. What is not said to be thread-safe is for rounds only.
 */
public final class WaitingStream {
    private final ServerCallStreamObserver<?> call;
    private final String name;
    private final Work work;
    private final Timers timers;
    private final Backoff backoff;
    private final Rounds rounds;

    // touched by rounds only
    private CallAge age;
    private boolean ended;
    private Timers.@Nullable Cancellable timer;
    private Timers.@Nullable Cancellable ageWait;

    // also touched by timers and events
    private volatile boolean lookUpDue = true;
    private volatile boolean backingOff;

    /** What the stream is for. */
    public interface Work {
        /**
         * Does what can be done now.
         *
         * @throws StatusException with what the stream ends with
         * @throws InterruptedException if the caller has gone
         */
        void attempt() throws StatusException, InterruptedException;

        /** Lets go of everything, before the stream ends. */
        void leave();

        /** Where failures are written that nobody foresaw. */
        Log log();
    }

    /** Asks somebody; blocks the calling thread. */
    @FunctionalInterface
    public interface LookUp {
        /** Keeps what was found. */
        void run() throws StatusException, InterruptedException;
    }

    /**
     * Nothing runs yet.
     *
     * @param name the feature, as lines and statuses begin
     * @param executor runs rounds, on threads that may block
     */
    public WaitingStream(ServerCallStreamObserver<?> call, CallAge age, String name, Work work, Timers timers, Backoff backoff,
            Executor executor) {
        this.call = call;
        this.age = age;
        this.name = name;
        this.work = work;
        this.timers = timers;
        this.backoff = backoff;
        rounds = new Rounds(executor, this::round);
    }

    /** Begins; called once, on the thread that the service was called on. */
    public void start() {
        call.setOnCancelHandler(() -> {
            rounds.interrupt();
            rounds.ask();
        });
        rounds.ask();
    }

    /** A round will begin after this call. Thread-safe. */
    public void ask() {
        rounds.ask();
    }

    /** If the stream backs off, the wait ends now. Thread-safe. */
    public void hurry() {
        if (backingOff) {
            due();
        }
    }

    private void due() {
        lookUpDue = true;
        backingOff = false;
        rounds.ask();
    }

    /** Whether what was looked up has to be looked up again. */
    public boolean lookUpDue() {
        return lookUpDue;
    }

    /**
     * Looks something up; the next time is due after {@code period}. False if nobody can tell now: the stream backs off.
     *
     * @throws StatusException if the answer is no
     */
    public boolean lookUp(LookUp what, Duration period) throws StatusException, InterruptedException {
        try {
            what.run();
        } catch (StatusException e) {
            if (e.getStatus().getCode() != Status.Code.UNAVAILABLE) {
                throw e;
            }
            backOff();
            return false;
        }
        lookUpDue = false;
        wake(period);
        return true;
    }

    /** No attempt is made for a while. */
    public void backOff() {
        backingOff = true;
        wake(backoff.next());
    }

    /** There is one timer, and whatever it was set for, a look-up comes first. */
    private void wake(Duration delay) {
        if (timer != null) {
            timer.cancel();
        }
        timer = timers.after(delay, this::due);
    }

    /** There is nothing more to look up: the stream lasts as long as its connection, but must not hold up the server's end. */
    public void outlastAge() {
        stopTimers();
        age = age.lasting();
        rounds.ask();
    }

    /** Neither time nor age interrupts what the current round does until its end. */
    public void stopTimers() {
        if (timer != null) {
            timer.cancel();
        }
        if (ageWait != null) {
            ageWait.cancel();
            ageWait = null;
        }
    }

    private void round() {
        if (ended) {
            return;
        }
        if (ageWait == null) {
            ageWait = age.whenEnded(rounds::ask);
        }
        try {
            if (call.isCancelled() || age.ended()) {
                end(Status.OK);
            } else if (!backingOff) {
                work.attempt();
            }
        } catch (StatusException e) {
            end(e.getStatus());
        } catch (InterruptedException e) {
            end(Status.CANCELLED.withDescription("context canceled"));
        } catch (RuntimeException | Error e) {
            // an error, too, must not leave the stream open with nobody to look after it
            String text = name + ": unexpected failure";
            work.log().withError(e).error(text);
            end(Status.INTERNAL.withDescription(text));
        }
    }

    /** Ends the stream, unless the caller has gone. */
    public void end(Status status) {
        ended = true;
        rounds.shield();
        stopTimers();
        work.leave();
        if (call.isCancelled()) {
            return;
        }
        if (status.isOk()) {
            call.onCompleted();
        } else {
            call.onError(status.asException());
        }
    }
}
