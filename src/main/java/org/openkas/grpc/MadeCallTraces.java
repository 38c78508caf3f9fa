package org.openkas.grpc;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientStreamTracer;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import org.openkas.tracing.Span;
import org.openkas.tracing.SpanStart;
import org.openkas.tracing.Traced;
import org.openkas.tracing.Tracer;

/**
 * Gives each call to another server a span, as part of what the calling thread works for, and tells that server of it in the
 * headers (chapter 05 §14). Thread-safe.
 */
public final class MadeCallTraces implements ClientInterceptor {
    private static final String SCOPE = "org.openkas.grpc";

    private final Tracer tracer;

    /** {@code tracer} begins the spans. */
    public MadeCallTraces(Tracer tracer) {
        this.tracer = tracer;
    }

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        Traced traced = Traced.begin(tracer, SpanStart.of(SCOPE, SpanStart.Kind.CLIENT, method.getFullMethodName()));
        Span span = traced.span();
        CallAttributes.of(method.getFullMethodName(), span);
        return new SimpleForwardingClientCall<>(next.newCall(method, options.withStreamTracerFactory(new Messages(span)))) {
            @Override
            public void start(Listener<R> listener, Metadata headers) {
                traced.propagate((name, value) -> tell(headers, name, value));
                super.start(new SimpleForwardingClientCallListener<>(listener) {
                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        CallAttributes.end(span, status);
                        super.onClose(status, trailers);
                    }
                }, headers);
            }
        };
    }

    /** In place of what headers of another call may have said that became this one's. */
    private static void tell(Metadata headers, String name, String value) {
        Metadata.Key<String> key = Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
        headers.discardAll(key);
        headers.put(key, value);
    }

    private static final class Messages extends ClientStreamTracer.Factory {
        private final Span span;

        private Messages(Span span) {
            this.span = span;
        }

        @Override
        public ClientStreamTracer newClientStreamTracer(ClientStreamTracer.StreamInfo info, Metadata headers) {
            CallMessages messages = new CallMessages(span);
            return new ClientStreamTracer() {
                @Override
                public void inboundMessageRead(int number, long wireSize, long size) {
                    messages.received(number, wireSize, size);
                }

                @Override
                public void outboundMessageSent(int number, long wireSize, long size) {
                    messages.sent(number, wireSize, size);
                }
            };
        }
    }
}
