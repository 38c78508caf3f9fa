package org.openkas.grpc;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import org.openkas.common.Log;

/**
 * Reports calls that end with {@code UNKNOWN}, and passes the status on unchanged (chapter 01 §3.5). A handler that
 * throws ends its call: with the status that it threw, or with {@code UNKNOWN}. Thread-safe.
 */
public final class UnknownStatusReporter implements ServerInterceptor {

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        Log log = CallContext.LOG.get();
        String method = call.getMethodDescriptor().getFullMethodName();
        Reported<Q, R> reported = new Reported<>(call, log, method);
        ServerCall.Listener<Q> handler;
        try {
            handler = next.startCall(reported, headers);
        } catch (RuntimeException e) {
            reported.fail(e);
            return new ServerCall.Listener<>() {
            };
        }
        return new Guarded<>(reported, handler);
    }

    private static final class Reported<Q, R> extends SimpleForwardingServerCall<Q, R> {
        private final Log log;
        private final String method;
        private boolean closed;

        private Reported(ServerCall<Q, R> call, Log log, String method) {
            super(call);
            this.log = log;
            this.method = method;
        }

        @Override
        public void close(Status status, Metadata trailers) {
            synchronized (this) {
                closed = true;
            }
            if (status.getCode() == Status.Code.UNKNOWN) {
                String text = status.getDescription();
                log.with("error", text == null ? "" : text).error("Unknown gRPC error in \"/" + method + "\"");
            }
            super.close(status, trailers);
        }

        private void fail(RuntimeException failure) {
            Status status = failure instanceof StatusRuntimeException thrown
                    ? thrown.getStatus()
                    : failure.getCause() instanceof StatusException cause
                            ? cause.getStatus()
                            : Status.UNKNOWN.withDescription(String.valueOf(failure.getMessage())).withCause(failure);
            boolean open;
            synchronized (this) {
                open = !closed;
            }
            if (open) {
                close(status, new Metadata());
            }
        }
    }

    private static final class Guarded<Q> extends StoppableListener<Q> {
        private final Reported<Q, ?> call;
        private final ServerCall.Listener<Q> handler;

        private Guarded(Reported<Q, ?> call, ServerCall.Listener<Q> handler) {
            super(call);
            this.call = call;
            this.handler = handler;
        }

        @Override
        protected ServerCall.Listener<Q> delegate() {
            return handler;
        }

        @Override
        public void onMessage(Q message) {
            guarded(() -> super.onMessage(message));
        }

        @Override
        public void onHalfClose() {
            guarded(super::onHalfClose);
        }

        @Override
        public void onReady() {
            guarded(super::onReady);
        }

        private void guarded(Runnable event) {
            try {
                event.run();
            } catch (RuntimeException e) {
                call.fail(e);
            }
        }
    }
}
