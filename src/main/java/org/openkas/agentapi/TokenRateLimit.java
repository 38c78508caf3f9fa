package org.openkas.agentapi;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.openkas.cluster.TokenLimiter;
import org.openkas.grpc.CallContext;

/**
 * Counts every call against its token's limit (chapter 01 §3.7): a unary call when its message was read, and so after
 * the message was validated; a streaming call when it begins. A call waits for the limiter without holding a thread. Thread-safe.
 */
final class TokenRateLimit implements ServerInterceptor {
    private static final Status EXHAUSTED = Status.RESOURCE_EXHAUSTED
            .withDescription("new connection rate limit exhausted for this agent, try again later");

    private final TokenLimiter limiter;
    private final Runnable exceeded;
    private final Executor executor;

    /**
     * In front of services.
     *
     * @param exceeded is told about every call that is refused
     * @param executor begins calls that had to wait; starts each task without waiting for others, on threads that may block
     */
    TokenRateLimit(TokenLimiter limiter, Runnable exceeded, Executor executor) {
        this.limiter = limiter;
        this.exceeded = exceeded;
        this.executor = executor;
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        if (call.getMethodDescriptor().getType() == MethodDescriptor.MethodType.UNARY) {
            call.request(2); // one message, and the end that must follow it
            return new AfterMessage<>(call, headers, next);
        }
        return admitted(call, headers, next);
    }

    private <Q, R> ServerCall.Listener<Q> admitted(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        CompletableFuture<Boolean> decision = limiter.allow(CallContext.TOKEN.get()).toCompletableFuture();
        if (decision.isDone()) {
            return begun(decision.join(), call, headers, next);
        }
        LateListener<Q> late = new LateListener<>();
        Context context = Context.current();
        CompletableFuture<Void> _ = decision
                .thenAcceptAsync(allowed -> beginLate(late, context, call, () -> begun(allowed, call, headers, next)), executor);
        return late;
    }

    private <Q, R> void beginLate(LateListener<Q> late, Context context, ServerCall<Q, R> call, Supplier<ServerCall.Listener<Q>> start) {
        if (call.isCancelled()) {
            return;
        }
        try {
            late.begin(context, start);
        } catch (RuntimeException e) {
            // as the library ends a call whose handler fails
            call.close(Status.UNKNOWN.withDescription("Application error processing RPC").withCause(e), new Metadata());
        }
    }

    private <Q, R> ServerCall.Listener<Q> begun(boolean allowed, ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        if (allowed) {
            return next.startCall(call, headers);
        }
        exceeded.run();
        call.close(EXHAUSTED, new Metadata());
        return new ServerCall.Listener<>() {
        };
    }

    /** Starts a unary call when its message, or its end without one, is there. */
    private final class AfterMessage<Q, R> extends ServerCall.Listener<Q> {
        private final ServerCall<Q, R> call;
        private final Metadata headers;
        private final ServerCallHandler<Q, R> next;
        private ServerCall.Listener<Q> handler = new ServerCall.Listener<>() {
        };
        private boolean begun;

        private AfterMessage(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
            this.call = call;
            this.headers = headers;
            this.next = next;
        }

        @Override
        public void onMessage(Q message) {
            begin();
            handler.onMessage(message);
        }

        @Override
        public void onHalfClose() {
            begin();
            handler.onHalfClose();
        }

        @Override
        public void onCancel() {
            handler.onCancel();
        }

        @Override
        public void onComplete() {
            handler.onComplete();
        }

        @Override
        public void onReady() {
            handler.onReady();
        }

        private void begin() {
            if (!begun) {
                begun = true;
                handler = admitted(call, headers, next);
            }
        }
    }
}
