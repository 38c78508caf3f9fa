package org.openkas.grpc;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.concurrent.atomic.AtomicBoolean;

/** Tells the pace of a connection which of its unary calls have no answer yet, but for long polls. Thread-safe. */
final class UnansweredCalls implements ServerInterceptor {
    private final CallMethods methods;

    /** @param methods know which of them are long polls */
    UnansweredCalls(CallMethods methods) {
        this.methods = methods;
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        CallPace pace = call.getAttributes().get(CallPace.OF_CONNECTION);
        if (pace == null || call.getMethodDescriptor().getType() != MethodDescriptor.MethodType.UNARY
                || methods.longPoll(call.getMethodDescriptor().getFullMethodName())) {
            return next.startCall(call, headers);
        }
        Counted<Q, R> counted = new Counted<>(call, pace);
        ServerCall.Listener<Q> listener;
        try {
            listener = next.startCall(counted, headers);
        } catch (RuntimeException e) {
            counted.over();
            throw e;
        }
        return new SimpleForwardingServerCallListener<>(listener) {
            @Override
            public void onCancel() {
                counted.over();
                super.onCancel();
            }
        };
    }

    private static final class Counted<Q, R> extends SimpleForwardingServerCall<Q, R> {
        private final CallPace pace;
        private final AtomicBoolean over = new AtomicBoolean();

        private Counted(ServerCall<Q, R> call, CallPace pace) {
            super(call);
            this.pace = pace;
            pace.called();
        }

        @Override
        public void close(Status status, Metadata trailers) {
            super.close(status, trailers);
            over();
        }

        private void over() {
            if (!over.getAndSet(true)) {
                pace.answered();
            }
        }
    }
}
