package org.openkas.grpc;

import io.grpc.Attributes;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Refuses new calls of a connection while too many of its calls are over but their ends cannot be delivered, because the
 * peer keeps its HTTP/2 windows shut. Reading must go on then, since windows are opened by what is read. Thread-safe.
 */
final class UndeliveredCalls extends ServerTransportFilter implements ServerInterceptor {
    private static final Attributes.Key<AtomicInteger> UNDELIVERED = Attributes.Key.create("openkas-undelivered-calls");
    private static final int MAX = 1_000;
    private static final Status REFUSAL = Status.RESOURCE_EXHAUSTED
            .withDescription("too many answers wait for this connection to accept data");

    @Override
    public Attributes transportReady(Attributes attributes) {
        return attributes.toBuilder().set(UNDELIVERED, new AtomicInteger()).build();
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        AtomicInteger undelivered = call.getAttributes().get(UNDELIVERED);
        if (undelivered == null) {
            return next.startCall(call, headers);
        }
        if (undelivered.get() > MAX) {
            call.close(REFUSAL, new Metadata());
            return new ServerCall.Listener<>() {
            };
        }
        Watched<Q, R> watched = new Watched<>(call, undelivered);
        return new SimpleForwardingServerCallListener<>(next.startCall(watched, headers)) {
            @Override
            public void onComplete() {
                watched.gone();
                super.onComplete();
            }

            @Override
            public void onCancel() {
                watched.gone();
                super.onCancel();
            }
        };
    }

    private static final class Watched<Q, R> extends SimpleForwardingServerCall<Q, R> {
        private final AtomicInteger undelivered;
        private boolean closed;
        private boolean gone;

        private Watched(ServerCall<Q, R> call, AtomicInteger undelivered) {
            super(call);
            this.undelivered = undelivered;
        }

        @Override
        public void close(Status status, Metadata trailers) {
            synchronized (this) {
                if (!closed && !gone) {
                    undelivered.incrementAndGet();
                }
                closed = true;
            }
            super.close(status, trailers);
        }

        private void gone() {
            synchronized (this) {
                if (closed && !gone) {
                    undelivered.decrementAndGet();
                }
                gone = true;
            }
        }
    }
}
