package org.openkas.kubernetesapi;

import io.grpc.Status;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;

/** How long requests wait for a way to their agent (chapter 05 §12.1). Thread-safe. */
final class RoutingMetrics {
    private static final double NANOS_A_SECOND = 1e9;

    private final Histogram duration;
    private final Counter timeouts;

    RoutingMetrics(PrometheusRegistry registry) {
        duration = Histogram.builder().name("k8s_api_proxy_routing_duration_seconds").classicOnly()
                .help("The time it takes the routing kas to find a suitable tunnel in seconds")
                .classicUpperBounds(0.001, 0.004, 0.016, 0.064, 0.256, 1.024, 4.096, 16.384).labelNames("status").register(registry);
        duration.initLabelValues("success");
        duration.initLabelValues("aborted");
        timeouts = Counter.builder().name("k8s_api_proxy_routing_timeout_total")
                .help("The total number of times routing timed out i.e. didn't find a suitable agent connection within allocated time")
                .register(registry);
    }

    /** A way was found. */
    void found(Duration after) {
        duration.labelValues("success").observe(after.toNanos() / NANOS_A_SECOND);
    }

    /** The call ended before there was a way. */
    void notFound(Duration after, Status status) {
        if (status.getCode() == Status.Code.CANCELLED) {
            duration.labelValues("aborted").observe(after.toNanos() / NANOS_A_SECOND);
        } else if (status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
            timeouts.inc();
        }
    }
}
