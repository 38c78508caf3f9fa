package org.openkas.grpc;

import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * A call's listener that can end the call before the handler does: the handler sees a cancellation and nothing after
 * it. The library calls listeners one event at a time.
 */
abstract class StoppableListener<Q> extends ForwardingServerCallListener<Q> {
    private final ServerCall<Q, ?> call;
    private final @Nullable EarlyEnd early;
    private boolean stopped;

    StoppableListener(ServerCall<Q, ?> call) {
        this(call, CallContext.EARLY_END.get());
    }

    StoppableListener(ServerCall<Q, ?> call, @Nullable EarlyEnd early) {
        this.call = call;
        this.early = early;
    }

    /** Ends the call. */
    final void stop(Status status) {
        if (!stopped) {
            stopped = true;
            if (early != null) {
                early.happened(status);
            }
            call.close(status, new Metadata());
            delegate().onCancel();
        }
    }

    final boolean stopped() {
        return stopped;
    }

    @Override
    public void onMessage(Q message) {
        if (!stopped) {
            super.onMessage(message);
        }
    }

    @Override
    public void onHalfClose() {
        if (!stopped) {
            super.onHalfClose();
        }
    }

    @Override
    public void onCancel() {
        if (!stopped) {
            super.onCancel();
        }
    }

    @Override
    public void onComplete() {
        if (!stopped) {
            super.onComplete();
        }
    }

    @Override
    public void onReady() {
        if (!stopped) {
            super.onReady();
        }
    }
}
