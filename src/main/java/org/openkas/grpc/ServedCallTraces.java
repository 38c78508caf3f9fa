package org.openkas.grpc;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.openkas.tracing.Span;
import org.openkas.tracing.SpanStart;
import org.openkas.tracing.TraceContext;
import org.openkas.tracing.Traced;
import org.openkas.tracing.Tracer;

/**
 * Gives each call that a listener serves a span, which goes on with the caller's trace and is current for everything that the
 * call does (chapter 05 §14). Calls of methods that nobody serves have none: anybody could name them. Thread-safe.
 */
public final class ServedCallTraces extends ServerStreamTracer.Factory {
    private static final String SCOPE = "org.openkas.grpc";
    private static final Metadata.Key<String> BAGGAGE = Metadata.Key.of(TraceContext.BAGGAGE, Metadata.ASCII_STRING_MARSHALLER);

    private final Tracer tracer;
    private final boolean baggage;

    private ServedCallTraces(Tracer tracer, boolean baggage) {
        this.tracer = tracer;
        this.baggage = baggage;
    }

    /** For callers who are trusted: what they want to be told onwards is. */
    public static ServedCallTraces ofTrusted(Tracer tracer) {
        return new ServedCallTraces(tracer, true);
    }

    /** For callers from anywhere: only their trace goes on. */
    public static ServedCallTraces ofAgents(Tracer tracer) {
        return new ServedCallTraces(tracer, false);
    }

    @Override
    public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
        Span span = tracer.begin(SpanStart.of(SCOPE, SpanStart.Kind.SERVER, fullMethodName).childOf(TraceHeaders.read(headers)));
        CallAttributes.of(fullMethodName, span);
        return new Call(new Traced(span, baggage ? TraceContext.baggage(headers.get(BAGGAGE)) : ""));
    }

    private static final class Call extends ServerStreamTracer {
        private final Traced traced;
        private final CallMessages messages;
        private final AtomicBoolean over = new AtomicBoolean();
        private volatile boolean anyMethod;

        private Call(Traced traced) {
            this.traced = traced;
            this.messages = new CallMessages(traced.span());
        }

        @Override
        public Context filterContext(Context context) {
            return traced.in(context);
        }

        @Override
        public void serverCallStarted(ServerCallInfo<?, ?> call) {
            anyMethod = call.getMethodDescriptor().getType() == MethodDescriptor.MethodType.UNKNOWN;
        }

        @Override
        public void inboundMessageRead(int number, long wireSize, long size) {
            messages.received(number, wireSize, size);
        }

        @Override
        public void outboundMessageSent(int number, long wireSize, long size) {
            messages.sent(number, wireSize, size);
        }

        @Override
        public void streamClosed(Status status) {
            // a span that never ends is never sent
            if (over.compareAndSet(false, true) && !(anyMethod && status.getCode() == Status.Code.UNIMPLEMENTED)) {
                CallAttributes.end(traced.span(), status);
            }
        }
    }

    /** What the headers of a call say of its trace. */
    static final class TraceHeaders {
        private static final Metadata.Key<String> PARENT = Metadata.Key.of(TraceContext.TRACEPARENT, Metadata.ASCII_STRING_MARSHALLER);
        private static final Metadata.Key<String> STATE = Metadata.Key.of(TraceContext.TRACESTATE, Metadata.ASCII_STRING_MARSHALLER);

        private TraceHeaders() {
        }

        static Optional<TraceContext> read(Metadata headers) {
            return TraceContext.parse(headers.get(PARENT), headers.get(STATE));
        }
    }
}
