package org.openkas.grpc;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Optional;

/**
 * Counts calls of all gRPC clients as {@code grpc_client_*} (chapter 05 §12). One instance a registry. Thread-safe.
 */
public final class GrpcClientMetrics implements ClientInterceptor {
    private final GrpcMetrics metrics;

    /** Registers the metrics. */
    public GrpcClientMetrics(PrometheusRegistry registry) {
        metrics = new GrpcMetrics(registry, "client", "by the client");
    }

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        return new Counted<>(metrics, method, next.newCall(method, options));
    }

    private static final class Counted<Q, R> extends SimpleForwardingClientCall<Q, R> {
        private final GrpcMetrics metrics;
        private final MethodDescriptor<Q, R> method;
        private Optional<GrpcMetrics.Call> counted = Optional.empty();

        private Counted(GrpcMetrics metrics, MethodDescriptor<Q, R> method, ClientCall<Q, R> call) {
            super(call);
            this.metrics = metrics;
            this.method = method;
        }

        @Override
        public void start(Listener<R> listener, Metadata headers) {
            GrpcMetrics.Call call = metrics.begin(method);
            counted = Optional.of(call);
            super.start(new SimpleForwardingClientCallListener<>(listener) {
                @Override
                public void onMessage(R message) {
                    call.messageReceived();
                    super.onMessage(message);
                }

                @Override
                public void onClose(Status status, Metadata trailers) {
                    call.end(status.getCode());
                    super.onClose(status, trailers);
                }
            }, headers);
        }

        @Override
        public void sendMessage(Q message) {
            counted.ifPresent(GrpcMetrics.Call::messageSent);
            super.sendMessage(message);
        }
    }
}
