package org.openkas.grpc;

import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Locale;

/** The counters of one side, server or client, under the names of chapter 05 §12.1 and §12.2. Thread-safe. */
final class GrpcMetrics {
    private final Counter started;
    private final Counter handled;
    private final Counter received;
    private final Counter sent;
    private final Gauge inFlight;

    /**
     * Registers the metrics.
     *
     * @param side {@code server} or {@code client}
     * @param completed how the help of the handled counter puts it, {@code on the server} or {@code by the client}
     */
    GrpcMetrics(PrometheusRegistry registry, String side, String completed) {
        String prefix = "grpc_" + side + "_";
        String receivedBy = side.equals("server") ? "received on the server." : "received by the client.";
        started = counter(registry, prefix + "started_total", "Total number of RPCs started on the " + side + ".");
        handled = Counter.builder().withoutExemplars().name(prefix + "handled_total")
                .help("Total number of RPCs completed " + completed + ", regardless of success or failure.")
                .labelNames("grpc_type", "grpc_service", "grpc_method", "grpc_code").register(registry);
        received = counter(registry, prefix + "msg_received_total", "Total number of RPC stream messages " + receivedBy);
        sent = counter(registry, prefix + "msg_sent_total", "Total number of gRPC stream messages sent by the " + side + ".");
        inFlight = Gauge.builder().withoutExemplars().name(prefix + "requests_in_flight").help("Number of requests in flight.")
                .labelNames("grpc_service", "grpc_method")
                .register(registry);
    }

    /** Counts a call that begins. */
    Call begin(MethodDescriptor<?, ?> method) {
        String service = String.valueOf(method.getServiceName());
        String name = String.valueOf(method.getBareMethodName());
        Call call = new Call(type(method.getType()), service, name);
        started.labelValues(call.type, service, name).inc();
        inFlight.labelValues(service, name).inc();
        return call;
    }

    private static Counter counter(PrometheusRegistry registry, String name, String help) {
        return Counter.builder().withoutExemplars().name(name).help(help).labelNames("grpc_type", "grpc_service", "grpc_method").register(registry);
    }

    private static String type(MethodDescriptor.MethodType type) {
        return switch (type) {
            case UNARY, UNKNOWN -> "unary";
            case CLIENT_STREAMING -> "client_stream";
            case SERVER_STREAMING -> "server_stream";
            case BIDI_STREAMING -> "bidi_stream";
        };
    }

    /** A code as Go spells it: {@code NOT_FOUND} is {@code NotFound}, {@code CANCELLED} is {@code Canceled}. */
    static String spelled(Status.Code code) {
        return switch (code) {
            case OK -> "OK";
            case CANCELLED -> "Canceled";
            default -> {
                StringBuilder spelled = new StringBuilder();
                for (String word : code.name().split("_", -1)) {
                    spelled.append(word.charAt(0)).append(word.substring(1).toLowerCase(Locale.ROOT));
                }
                yield spelled.toString();
            }
        };
    }

    /** One call; its end counts once. */
    final class Call {
        private final String type;
        private final String service;
        private final String method;
        private boolean ended;

        private Call(String type, String service, String method) {
            this.type = type;
            this.service = service;
            this.method = method;
        }

        void messageReceived() {
            received.labelValues(type, service, method).inc();
        }

        void messageSent() {
            sent.labelValues(type, service, method).inc();
        }

        void end(Status.Code code) {
            synchronized (this) {
                if (ended) {
                    return;
                }
                ended = true;
            }
            handled.labelValues(type, service, method, spelled(code)).inc();
            inFlight.labelValues(service, method).dec();
        }
    }
}
