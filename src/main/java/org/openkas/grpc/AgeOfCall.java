package org.openkas.grpc;

import io.grpc.Context;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.openkas.common.Timers;

/** The age of one call; forgets everything when the call ends. Thread-safe. */
final class AgeOfCall implements CallAge {
    /** Longer than any connection. */
    private static final Duration FOREVER = Duration.ofDays(36_500);

    private final CallAges listener;
    private final Timers timers;
    private final Context call;
    private final long endNanos;
    private final List<Action> actions = new ArrayList<>(1);
    private final Context.CancellationListener callEnded = context -> release();
    private Optional<Timers.Cancellable> timer = Optional.empty();
    private boolean over;

    /** An action that knows itself, so that equal actions stay apart. */
    private static final class Action {
        private final Runnable run;

        private Action(Runnable run) {
            this.run = run;
        }
    }

    AgeOfCall(CallAges listener, Timers timers, Context call, long endNanos) {
        this.listener = listener;
        this.timers = timers;
        this.call = call;
        this.endNanos = endNanos;
    }

    @Override
    public Timers.Cancellable whenEnded(Runnable run) {
        if (!ended()) {
            Action action = new Action(run);
            if (add(action)) {
                if (listener.draining()) {
                    end(); // the drain may have looked before this age was listed
                }
                return () -> cancel(action);
            }
        }
        run.run();
        return () -> {
        };
    }

    @Override
    public CallAge lasting() {
        return new AgeOfCall(listener, timers, call, timers.nanos() + FOREVER.toNanos());
    }

    @Override
    public boolean ended() {
        synchronized (this) {
            if (over) {
                return true;
            }
        }
        return listener.draining() || timers.nanos() - endNanos >= 0;
    }

    /** Runs the actions on the calling thread; only the first call does. */
    void end() {
        List<Action> due;
        synchronized (this) {
            over = true;
            due = List.copyOf(actions);
        }
        release();
        due.forEach(action -> action.run.run());
    }

    private boolean add(Action action) {
        boolean first;
        synchronized (this) {
            if (over) {
                return false;
            }
            actions.add(action);
            first = timer.isEmpty();
            if (first) {
                timer = Optional.of(timers.after(Duration.ofNanos(endNanos - timers.nanos()), this::end));
                listener.await(this);
            }
        }
        if (first) {
            call.addListener(callEnded, Runnable::run);
        }
        return true;
    }

    private void cancel(Action action) {
        boolean last;
        synchronized (this) {
            last = actions.remove(action) && actions.isEmpty();
        }
        if (last) {
            release();
            call.removeListener(callEnded);
        }
    }

    private void release() {
        synchronized (this) {
            timer.ifPresent(Timers.Cancellable::cancel);
            timer = Optional.empty();
            actions.clear();
        }
        listener.forget(this);
    }
}
