package org.openkas.flux;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import org.openkas.usage.UsageCounters;

/** What became of pushes that agents asked for (chapter 02 §6.1). One instance a registry. Thread-safe. */
public final class FluxMetrics {
    private static final String NOTIFIED = "flux_git_push_notifications_total";
    private static final String NOTIFIED_PROJECTS = "flux_git_push_notified_unique_projects";

    private final Counter notified;
    private final Counter dropped;
    private final UsageCounters usage;

    /** Registers the metrics; what agents are told also counts as usage. */
    public FluxMetrics(PrometheusRegistry registry, UsageCounters usage) {
        notified = Counter.builder().withoutExemplars().name(NOTIFIED)
                .help("The total number of sent Git Push notifications to agentks in Flux module").register(registry);
        dropped = Counter.builder().withoutExemplars().name("flux_dropped_git_push_notifications_total")
                .help("The total number of dropped Git push notifications in Flux module").register(registry);
        this.usage = usage;
    }

    /** An agent is about to be told of a push to a project. */
    void notified(long projectId) {
        notified.inc();
        usage.add(NOTIFIED);
        usage.see(NOTIFIED_PROJECTS, projectId);
    }

    /** An agent misses a push, because too many wait for it. */
    void dropped() {
        dropped.inc();
    }
}
