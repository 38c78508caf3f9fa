package org.openkas.agentapi;

import io.grpc.Context;
import io.grpc.ServerCall;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Takes the events of a call whose handler begins later, hands them over then, in order, and passes on directly what comes after.
 * Nothing asks for messages before the handler does, so only a handful of events wait. Thread-safe.
 */
final class LateListener<Q> extends ServerCall.Listener<Q> {
    private final Queue<Consumer<ServerCall.Listener<Q>>> early = new ArrayDeque<>();
    private ServerCall.@Nullable Listener<Q> handler;

    /** Begins the handler, in the context of the call, and catches up; once, on a thread that may block. */
    void begin(Context context, Supplier<ServerCall.Listener<Q>> start) {
        context.run(() -> {
            ServerCall.Listener<Q> begun = start.get();
            while (true) {
                Consumer<ServerCall.Listener<Q>> next;
                synchronized (this) {
                    next = early.poll();
                    if (next == null) {
                        handler = begun;
                        return;
                    }
                }
                next.accept(begun);
            }
        });
    }

    private void pass(Consumer<ServerCall.Listener<Q>> event) {
        ServerCall.Listener<Q> now;
        synchronized (this) {
            now = handler;
            if (now == null) {
                early.add(event);
                return;
            }
        }
        event.accept(now);
    }

    @Override
    public void onMessage(Q message) {
        pass(to -> to.onMessage(message));
    }

    @Override
    public void onHalfClose() {
        pass(ServerCall.Listener::onHalfClose);
    }

    @Override
    public void onCancel() {
        pass(ServerCall.Listener::onCancel);
    }

    @Override
    public void onComplete() {
        pass(ServerCall.Listener::onComplete);
    }

    @Override
    public void onReady() {
        pass(ServerCall.Listener::onReady);
    }
}
