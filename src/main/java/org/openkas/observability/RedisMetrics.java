package org.openkas.observability;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import org.openkas.cluster.RedisWatch;

/** How it goes with Redis, as metrics. Thread-safe. */
public final class RedisMetrics implements RedisWatch {
    private final Gauge reachable;
    private final Counter lost;
    private final Counter unreadable;

    /** Registers them. */
    public RedisMetrics(PrometheusRegistry registry) {
        reachable = Gauge.builder().withoutExemplars().name("openkas_redis_reachable").help("1 while Redis is there, 0 while it is lost")
                .register(registry);
        lost = Counter.builder().withoutExemplars().name("openkas_redis_lost_total").help("The total number of times Redis was lost")
                .register(registry);
        unreadable = Counter.builder().withoutExemplars().name("openkas_redis_unreadable_entries_total")
                .help("The total number of entries in Redis that were passed over because they make no sense").register(registry);
        lost.initLabelValues();
        unreadable.initLabelValues();
    }

    @Override
    public void reachable(boolean yes) {
        reachable.set(yes ? 1 : 0);
        if (!yes) {
            lost.inc();
        }
    }

    @Override
    public void unreadable() {
        unreadable.inc();
    }
}
