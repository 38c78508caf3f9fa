package org.openkas.routing;

import io.grpc.SynchronizationContext;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * Tells a caller's listener what happens, one event at a time and in order. Where the caller brought an executor, there;
 * otherwise on the thread of the tunnel's event, or, for what the caller itself set off, on a thread of its own, so that
 * nobody is called back from within a call. Thread-safe.
 */
final class Callbacks {
    private final SynchronizationContext events;
    private final Optional<Executor> callers;
    private final Executor executor;

    Callbacks(Optional<Executor> callers, Executor executor, Consumer<Throwable> failed) {
        events = new SynchronizationContext((thread, failure) -> failed.accept(failure));
        this.callers = callers;
        this.executor = executor;
    }

    /** For an event that came from the tunnel. */
    void fromTunnel(Runnable event) {
        if (callers.isPresent()) {
            events.executeLater(event);
            callers.get().execute(events::drain);
        } else {
            events.execute(event);
        }
    }

    /** For an event that may have been set off by the caller. */
    void later(Runnable event) {
        events.executeLater(event);
        callers.orElse(executor).execute(events::drain);
    }
}
