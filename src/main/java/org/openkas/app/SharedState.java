package org.openkas.app;

import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import org.openkas.agenttracker.ConnectedAgentsCount;
import org.openkas.cluster.GitPushEvents;
import org.openkas.cluster.MemoryAgentTracker;
import org.openkas.cluster.MemoryGitPushEvents;
import org.openkas.config.KasConfiguration;
import org.openkas.usage.MemoryUsageCounters;

/**
 * What several parts of the server learn and others tell (chapter 04 §8, chapter 02 §6, §7). Thread-safe.
 *
 * @param tracker which agents are connected
 * @param pushes what GitLab says of pushes, for whoever watches for them
 * @param usage what was used, until GitLab is told
 */
record SharedState(MemoryAgentTracker tracker, GitPushEvents pushes, MemoryUsageCounters usage) {

    /** In the memory of this server; the metric of connected agents is counted from it. */
    static SharedState of(KasConfiguration configuration, Ground ground) {
        MemoryAgentTracker tracker = new MemoryAgentTracker(ground.timers(), configuration.agent().redisConnInfoTtl());
        ConnectedAgentsCount count = new ConnectedAgentsCount(tracker, ground.executor(), ground.timers());
        GaugeWithCallback.builder().name(ConnectedAgentsCount.NAME).help("The number of unique connected agents")
                .callback(gauge -> gauge.call(count.getAsDouble())).register(ground.metrics().registry());
        return new SharedState(tracker, new MemoryGitPushEvents(ground.executor(), ground.log()), new MemoryUsageCounters());
    }
}
