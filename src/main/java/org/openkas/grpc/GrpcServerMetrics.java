package org.openkas.grpc;

import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/**
 * Counts calls of all gRPC listeners as {@code grpc_server_*} (chapter 05 §12). The outermost interceptor, so that calls
 * that others refuse count with their code. One instance a registry. Thread-safe.
 */
public final class GrpcServerMetrics implements ServerInterceptor {
    private final GrpcMetrics metrics;

    /** Registers the metrics. */
    public GrpcServerMetrics(PrometheusRegistry registry) {
        metrics = new GrpcMetrics(registry, "server", "on the server");
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        GrpcMetrics.Call counted = metrics.begin(call.getMethodDescriptor());
        Context context = Context.current();
        return new SimpleForwardingServerCallListener<>(next.startCall(new SimpleForwardingServerCall<>(call) {
            @Override
            public void sendMessage(R message) {
                super.sendMessage(message);
                counted.messageSent();
            }

            @Override
            public void close(Status status, Metadata trailers) {
                counted.end(status.getCode());
                super.close(status, trailers);
            }
        }, headers)) {
            @Override
            public void onMessage(Q message) {
                counted.messageReceived();
                super.onMessage(message);
            }

            @Override
            public void onCancel() {
                Deadline deadline = context.getDeadline();
                counted.end(deadline != null && deadline.isExpired() ? Status.Code.DEADLINE_EXCEEDED : Status.Code.CANCELLED);
                super.onCancel();
            }
        };
    }
}
