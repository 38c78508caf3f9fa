package org.openkas.routing;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.Context;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.openkas.grpc.CallAttributes;
import org.openkas.tracing.Span;
import org.openkas.tracing.SpanStart;
import org.openkas.tracing.Traced;
import org.openkas.tracing.Tracer;

/**
 * Gives each call to an agent a span, and its search for a tunnel one inside of it (chapter 04 §5.8). Agents are told nothing of
 * it: what a call carries is its caller's. For the channels of {@link AgentChannels}, which say that they are ready when a
 * tunnel was found. Thread-safe.
 */
public final class TunnelTraces implements ClientInterceptor {
    private static final String SCOPE = "tunnel-router";

    private final Tracer tracer;

    /** {@code tracer} begins the spans. */
    public TunnelTraces(Tracer tracer) {
        this.tracer = tracer;
    }

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        Span call = Traced.begin(tracer, SpanStart.of(SCOPE, SpanStart.Kind.CLIENT, method.getFullMethodName())).span();
        CallAttributes.of(method.getFullMethodName(), call);
        return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
            @Override
            public void start(Listener<R> listener, Metadata headers) {
                Span search = tracer.begin(
                        SpanStart.of(SCOPE, SpanStart.Kind.INTERNAL, "router.findReadyTunnel").childOf(Optional.of(call.context())));
                Context context = new Traced(call, "").in(Context.current());
                Context before = context.attach();
                try {
                    super.start(new Watched<>(listener, call, search), headers);
                } finally {
                    context.detach(before);
                }
            }
        };
    }

    /** Sees the search end, and the call. */
    private static final class Watched<R> extends SimpleForwardingClientCallListener<R> {
        private final Span call;
        private final Span search;
        private final AtomicBoolean searching = new AtomicBoolean(true);

        private Watched(ClientCall.Listener<R> listener, Span call, Span search) {
            super(listener);
            this.call = call;
            this.search = search;
        }

        @Override
        public void onReady() {
            found();
            super.onReady();
        }

        @Override
        public void onHeaders(Metadata headers) {
            found();
            super.onHeaders(headers);
        }

        private void found() {
            if (searching.compareAndSet(true, false)) {
                call.event("Ready", Map.of());
                search.succeeded();
                search.end();
            }
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            if (searching.compareAndSet(true, false)) {
                search.failed(switch (status.getCode()) {
                    case DEADLINE_EXCEEDED -> "Timed out";
                    case CANCELLED -> "Aborted";
                    default -> "Failed";
                });
                search.end();
            }
            CallAttributes.end(call, status);
            super.onClose(status, trailers);
        }
    }
}
