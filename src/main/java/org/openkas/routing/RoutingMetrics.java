package org.openkas.routing;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/** How long requests looked for a tunnel (chapter 04 §5.8, chapter 05 §12.1). One instance a registry. Thread-safe. */
public final class RoutingMetrics {
    private static final double NANOS = 1e9;

    private final Histogram durations;
    private final Counter timeouts;

    /** Registers the metrics. */
    public RoutingMetrics(PrometheusRegistry registry) {
        durations = Histogram.builder().withoutExemplars().name("k8s_api_proxy_routing_duration_seconds")
                .help("The time it takes the routing kas to find a suitable tunnel in seconds").labelNames("status").classicOnly()
                .classicUpperBounds(0.001, 0.004, 0.016, 0.064, 0.256, 1.024, 4.096, 16.384).register(registry);
        timeouts = Counter.builder().withoutExemplars().name("k8s_api_proxy_routing_timeout_total")
                .help("The total number of times routing timed out i.e. didn't find a suitable agent connection within allocated time")
                .register(registry);
        durations.initLabelValues("success");
        durations.initLabelValues("aborted");
    }

    void found(long nanos) {
        durations.labelValues("success").observe((double) nanos / NANOS);
    }

    void aborted(long nanos) {
        durations.labelValues("aborted").observe((double) nanos / NANOS);
    }

    void timedOut() {
        timeouts.inc();
    }
}
