package org.openkas.app;

import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import java.util.Optional;
import org.openkas.agenttracker.ConnectedAgentsCount;
import org.openkas.cluster.GitPushEvents;
import org.openkas.cluster.MemoryAgentTracker;
import org.openkas.cluster.MemoryGitPushEvents;
import org.openkas.cluster.MemoryTunnelTracker;
import org.openkas.config.KasConfiguration;

/**
 * What one listener learns and another one tells, and what servers tell each other (chapter 04 §2.8, §8, chapter 02 §7).
 * Thread-safe.
 *
 * @param tracker which agents are connected
 * @param pushes what GitLab says of pushes, for the configurations that watch for them
 * @param tunnels which servers have tunnels of which agents
 */
record SharedState(MemoryAgentTracker tracker, GitPushEvents pushes, TunnelTrackers tunnels) {

    /**
     * In the memory of this server; the metric of connected agents is counted from it.
     *
     * @param shared where the tunnels are known that other servers of this process have, if there are any
     */
    static SharedState of(KasConfiguration configuration, Optional<TunnelTrackers> shared, Ground ground) {
        MemoryAgentTracker tracker = new MemoryAgentTracker(ground.timers(), configuration.agent().redisConnInfoTtl());
        ConnectedAgentsCount count = new ConnectedAgentsCount(tracker, ground.executor(), ground.timers());
        GaugeWithCallback.builder().name(ConnectedAgentsCount.NAME).help("The number of unique connected agents")
                .callback(gauge -> gauge.call(count.getAsDouble())).register(ground.metrics().registry());
        TunnelTrackers alone = ownUrls -> new MemoryTunnelTracker(new MemoryTunnelTracker.Cluster(), ownUrls, ground.timers(),
                configuration.agent().redisConnInfoTtl());
        return new SharedState(tracker, new MemoryGitPushEvents(ground.executor(), ground.log()), shared.orElse(alone));
    }
}
