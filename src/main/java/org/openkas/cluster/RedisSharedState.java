package org.openkas.cluster;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import org.openkas.common.Log;
import org.openkas.common.SparseReport;
import org.openkas.common.Timers;
import org.openkas.config.RedisSection;

/**
 * The state that servers share through one Redis, byte for byte as the reference does it (chapter 04 §7), so that both may be in
 * one cluster. Each port is made once. When Redis is lost, everything fails fast or goes on alone; when it is back, this
 * server's part is written again. Thread-safe.
 */
public final class RedisSharedState implements AutoCloseable {
    private final RedisLink link;
    private final RedisKeys keys;
    private final Surroundings around;
    private Optional<RedisAgentTracker> agents = Optional.empty();

    /**
     * What it stands on.
     *
     * @param executor starts each task without waiting for others, on threads that may block
     */
    public record Surroundings(Timers timers, RandomGenerator random, Executor executor, Log log, RedisWatch watch) {
    }

    private RedisSharedState(RedisLink link, RedisKeys keys, Surroundings around) {
        this.link = link;
        this.keys = keys;
        this.around = around;
    }

    /**
     * Connects; blocks until it is done or has failed, for a few times {@code redis.dial_timeout} at most.
     *
     * @throws RedisFailure if Redis cannot be reached or does not let this server in
     */
    public static RedisSharedState connect(RedisSection section, RedisAccess access, Surroundings around) throws RedisFailure {
        RedisDialer dialer = new RedisDialer(section, access);
        try {
            RedisLink link = RedisLink.connect(dialer, section.writeTimeout(), around.timers(), around.random(), around.log(),
                    around.watch());
            return new RedisSharedState(link, new RedisKeys(section.keyPrefix()), around);
        } catch (RedisFailure e) {
            dialer.close();
            throw e;
        }
    }

    /**
     * Which agents are connected.
     *
     * @param ttl {@code agent.redis_conn_info_ttl}
     * @param refresh {@code agent.redis_conn_info_refresh}, less than {@code ttl}
     * @param collect {@code agent.redis_conn_info_gc}
     */
    public synchronized AgentTracker agentTracker(Duration ttl, Duration refresh, Duration collect) {
        ExpiringHashes hashes = new ExpiringHashes(link, around.timers(), ttl, failure -> {
            around.watch().unreadable();
            around.log().withError(failure).error("Redis hash scan");
        });
        RedisAgentTracker tracker = new RedisAgentTracker(link, keys, hashes, new RedisAgentTracker.Periods(ttl, refresh, collect),
                around.log());
        tracker.begin(around.timers());
        agents = Optional.of(tracker);
        return tracker;
    }

    /**
     * Which servers have idle tunnels.
     *
     * @param ownUrls under which other servers reach this one
     * @param ttl {@code agent.redis_conn_info_ttl}
     */
    public TunnelTracker tunnelTracker(List<String> ownUrls, Duration ttl) {
        SparseReport reports = new SparseReport(around.timers(), around.log());
        ExpiringHashes hashes = new ExpiringHashes(link, around.timers(), ttl, failure -> {
            around.watch().unreadable();
            reports.error("Redis hash scan", failure);
        });
        RedisTunnelTracker tracker = new RedisTunnelTracker(link, keys, hashes, ownUrls, around.log());
        tracker.begin();
        return tracker;
    }

    /** How often tokens may call; {@code limit} is {@code agent.listen.connections_per_token_per_minute}. */
    public TokenLimiter tokenLimiter(long limit) {
        return new RedisTokenLimiter(link, keys, around.timers(), limit, RedisTokenLimiter.PATIENCE, around.log());
    }

    /** What GitLab refused. */
    public ErrorCache errorCache() {
        return new RedisErrorCache(link, keys, around.timers(), around.log());
    }

    /** Tokens for browsers' WebSockets that were used. */
    public UsedTokens usedTokens() {
        return new RedisUsedTokens(link, keys, around.timers(), around.log());
    }

    /** What was pushed. */
    public GitPushEvents gitPushEvents() {
        RedisGitPushEvents events = new RedisGitPushEvents(link, around.timers(), around.random(), around.executor(), around.log());
        events.begin();
        return events;
    }

    /** Why Redis cannot be used now, if it cannot, beginning {@code redis: }; blocks for {@code redis.write_timeout} at most. */
    public Optional<String> failure() {
        return link.failure();
    }

    /** Lets Redis go. Records of agents that are still connected expire there. */
    @Override
    public synchronized void close() {
        agents.ifPresent(RedisAgentTracker::close);
        link.close();
    }
}
