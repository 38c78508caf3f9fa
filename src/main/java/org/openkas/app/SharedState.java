package org.openkas.app;

import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import java.util.Optional;
import org.openkas.agenttracker.ConnectedAgentsCount;
import org.openkas.cluster.AgentTracker;
import org.openkas.cluster.ErrorCache;
import org.openkas.cluster.GitPushEvents;
import org.openkas.cluster.MemoryAgentTracker;
import org.openkas.cluster.MemoryErrorCache;
import org.openkas.cluster.MemoryGitPushEvents;
import org.openkas.cluster.MemoryTokenLimiter;
import org.openkas.cluster.MemoryTunnelTracker;
import org.openkas.cluster.MemoryUsedTokens;
import org.openkas.cluster.RedisSharedState;
import org.openkas.cluster.TokenLimiter;
import org.openkas.cluster.UsedTokens;
import org.openkas.config.AgentSection;
import org.openkas.config.KasConfiguration;
import org.openkas.config.RedisSection;
import org.openkas.observability.Probes;
import org.openkas.usage.MemoryUsageCounters;
import org.openkas.usage.MemoryUsageEvents;

/**
 * What several parts of the server learn and others tell, and what servers of a cluster tell each other (chapter 04 §7, §8,
 * chapter 02 §6, §7). Thread-safe.
 *
 * @param tracker which agents are connected
 * @param pushes what GitLab says of pushes, for whoever watches for them
 * @param errors what GitLab refused
 * @param limiter how often tokens may call
 * @param usedTokens which of the browsers' tokens were used
 * @param tunnels which servers have tunnels of which agents
 * @param usage what was used on this server, until GitLab is told
 * @param events what GitLab's analytics hear of, until GitLab is told
 * @param redis where it is shared; empty: this server keeps it for itself
 */
record SharedState(AgentTracker tracker, GitPushEvents pushes, ErrorCache errors, TokenLimiter limiter, UsedTokens usedTokens,
        TunnelTrackers tunnels, MemoryUsageCounters usage, MemoryUsageEvents events,
        Optional<RedisSharedState> redis) implements AutoCloseable {

    /**
     * In Redis where it is configured, else in the memory of this server; the metric of connected agents is counted from it.
     *
     * @param shared where the tunnels are known that other servers of this process have, if there are any
     * @throws StartException if Redis cannot be used
     */
    static SharedState of(KasConfiguration configuration, Optional<TunnelTrackers> shared, Probes probes, Ground ground) throws StartException {
        SharedState state = configuration.redis().isPresent()
                ? inRedis(configuration.redis().get(), configuration.agent(), probes, ground)
                : inMemory(configuration.agent(), shared, ground);
        ConnectedAgentsCount count = new ConnectedAgentsCount(state.tracker, ground.executor(), ground.timers());
        GaugeWithCallback.builder().name(ConnectedAgentsCount.NAME).help("The number of unique connected agents")
                .callback(gauge -> gauge.call(count.getAsDouble())).register(ground.metrics().registry());
        return state;
    }

    private static SharedState inMemory(AgentSection agent, Optional<TunnelTrackers> shared, Ground ground) {
        TunnelTrackers alone = ownUrls -> new MemoryTunnelTracker(new MemoryTunnelTracker.Cluster(), ownUrls, ground.timers(),
                agent.redisConnInfoTtl());
        return new SharedState(new MemoryAgentTracker(ground.timers(), agent.redisConnInfoTtl()),
                new MemoryGitPushEvents(ground.executor(), ground.log()), new MemoryErrorCache(ground.timers()),
                new MemoryTokenLimiter(ground.timers(), agent.listen().connectionsPerTokenPerMinute(), ground.log()),
                new MemoryUsedTokens(ground.timers()), shared.orElse(alone), new MemoryUsageCounters(),
                new MemoryUsageEvents(ground.timers()),
                Optional.empty());
    }

    private static SharedState inRedis(RedisSection section, AgentSection agent, Probes probes, Ground ground) throws StartException {
        RedisSharedState redis = Redis.connect(section, ground);
        if (section.strictReadiness()) {
            probes.readiness("redis", redis::failure);
        } else {
            probes.advice("redis", redis::failure);
        }
        return new SharedState(redis.agentTracker(agent.redisConnInfoTtl(), agent.redisConnInfoRefresh(), agent.redisConnInfoGc()),
                redis.gitPushEvents(), redis.errorCache(), redis.tokenLimiter(agent.listen().connectionsPerTokenPerMinute()),
                redis.usedTokens(), ownUrls -> redis.tunnelTracker(ownUrls, agent.redisConnInfoTtl()), new MemoryUsageCounters(),
                new MemoryUsageEvents(ground.timers()), Optional.of(redis));
    }

    @Override
    public void close() {
        redis.ifPresent(RedisSharedState::close);
    }
}
