package org.openkas.railsapi;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * Waits for the one request of a unary call, then starts the call's handler and gives it what it missed. One call's
 * callbacks come one after another, so there is no locking.
 */
final class ReadingListener<Q, A> extends ServerCall.Listener<Request<Q>> {
    private final ServerCall<Request<Q>, A> call;
    private final Metadata headers;
    private final MethodDescriptor<Q, A> method;
    private final ServerCallHandler<Q, A> handler;

    private @Nullable Q message;
    private ServerCall.@Nullable Listener<Q> started;
    private boolean ready;
    private boolean refused;

    ReadingListener(ServerCall<Request<Q>, A> call, Metadata headers, MethodDescriptor<Q, A> method, ServerCallHandler<Q, A> handler) {
        this.call = call;
        this.headers = headers;
        this.method = method;
        this.handler = handler;
    }

    @Override
    public void onMessage(Request<Q> request) {
        if (refused) {
            return;
        }
        if (message != null) {
            refuse(Status.INTERNAL.withDescription("Too many requests"));
            return;
        }
        switch (request) {
            case Request.Decoded<Q>(Q decoded) -> message = decoded;
            case Request.Undecodable<Q>(Status status) -> refuse(status);
        }
    }

    private void refuse(Status status) {
        refused = true;
        call.close(status, new Metadata());
    }

    @Override
    public void onHalfClose() {
        if (refused) {
            return;
        }
        ServerCall.Listener<Q> listener = handler.startCall(new DecodedCall<>(call, method), headers);
        started = listener;
        if (message != null) {
            listener.onMessage(message);
        }
        listener.onHalfClose();
        if (ready) {
            listener.onReady();
        }
    }

    @Override
    public void onReady() {
        ready = true;
        if (started != null) {
            started.onReady();
        }
    }

    @Override
    public void onCancel() {
        if (started != null) {
            started.onCancel();
        }
    }

    @Override
    public void onComplete() {
        if (started != null) {
            started.onComplete();
        }
    }
}
