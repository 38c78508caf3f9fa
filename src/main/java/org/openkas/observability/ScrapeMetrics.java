package org.openkas.observability;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/** How often the metrics are asked for, under the names of the reference's library (chapter 05 §12.3). Thread-safe. */
final class ScrapeMetrics {
    private final Counter requests;
    private final Gauge inFlight;

    /** Registers them. */
    ScrapeMetrics(PrometheusRegistry registry) {
        requests = Counter.builder().withoutExemplars().name("promhttp_metric_handler_requests_total")
                .help("Total number of scrapes by HTTP status code.").labelNames("code").register(registry);
        inFlight = Gauge.builder().withoutExemplars().name("promhttp_metric_handler_requests_in_flight")
                .help("Current number of scrapes being served.").register(registry);
        requests.initLabelValues("200");
        requests.initLabelValues("500");
        requests.initLabelValues("503");
    }

    void begun() {
        inFlight.inc();
    }

    void ended(int status) {
        inFlight.dec();
        requests.labelValues(Integer.toString(status)).inc();
    }
}
