package org.openkas.agentapi;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/** Counter {@code agent_server_rate_exceeded_total} (chapter 05 §12.1). One instance a registry. Thread-safe. */
public final class RateExceeded implements Runnable {
    private final Counter counter;

    /** Registers the counter. */
    public RateExceeded(PrometheusRegistry registry) {
        counter = Counter.builder().withoutExemplars().name("agent_server_rate_exceeded_total")
                .help("The total number of times configured rate limit of new agent connections was exceeded").register(registry);
    }

    /** Counts one refused call. */
    @Override
    public void run() {
        counter.inc();
    }
}
