package org.openkas.observability;

import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.Locale;

/** {@code limiter_limit} and {@code limiter_block_duration_milliseconds} (chapter 05 §12.1). Thread-safe. */
public final class LimiterMetrics {
    private static final double[] MILLISECONDS = {0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000};
    /** Every limiter but those towards single Gitaly servers is known from the start; their number is bounded all the same. */
    private static final int MAX_LIMITERS = 200;

    private final Gauge limit;
    private final Histogram blocked;

    /** Registers both. */
    public LimiterMetrics(PrometheusRegistry registry) {
        limit = Gauge.builder().withoutExemplars().name("limiter_limit").help("Limit for the rate limiter")
                .labelNames("limiter_name", "unit").constLabels(Metrics.SCOPE).register(registry);
        blocked = Histogram.builder().withoutExemplars().name("limiter_block_duration_milliseconds")
                .help("Duration the rate limiter blocked for deciding to allow/block the call").labelNames("allowed", "limiter_name")
                .constLabels(Metrics.SCOPE).classicOnly().classicUpperBounds(MILLISECONDS).register(registry);
    }

    /** A limiter exists. */
    public void limit(String limiter, String unit, double value) {
        if (limit.collect().getDataPoints().size() < MAX_LIMITERS) {
            limit.labelValues(limiter, unit).set(value);
        }
    }

    /** A limiter let a call pass or refused it. */
    public void decided(String limiter, Duration time, boolean allowed) {
        blocked.labelValues(String.valueOf(allowed).toLowerCase(Locale.ROOT), limiter).observe((double) time.toNanos() / 1e6);
    }
}
