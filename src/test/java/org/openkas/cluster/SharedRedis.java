package org.openkas.cluster;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.openkas.common.SystemTimers;
import org.openkas.common.Timers;
import org.openkas.config.RedisSection;
import org.openkas.config.RedisServerSection;
import org.openkas.testkit.RealRedis;
import org.openkas.testkit.RecordedLog;

/** A server's view of a real Redis, with a clock of its own for what it keeps there. For one thread. */
final class SharedRedis implements AutoCloseable {
    static final Duration TTL = Duration.ofSeconds(300);
    static final Duration REFRESH = Duration.ofSeconds(240);
    static final Duration COLLECT = Duration.ofSeconds(600);
    static final Duration PATIENCE = Duration.ofSeconds(1);

    final RecordedLog log = new RecordedLog();
    final AtomicInteger reachable = new AtomicInteger();
    final AtomicInteger unreadable = new AtomicInteger();
    final RedisKeys keys = new RedisKeys("gitlab-kas");
    final RedisLink link;
    final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final SystemTimers linkTimers = new SystemTimers(threads);
    private final Timers timers;

    SharedRedis(RealRedis redis, Timers timers) {
        this(section(redis.address()), RedisAccess.OPEN, timers);
    }

    SharedRedis(RedisSection section, RedisAccess access, Timers timers) {
        this.timers = timers;
        RedisWatch watch = new RedisWatch() {
            @Override
            public void reachable(boolean yes) {
                reachable.set(yes ? 1 : 0);
            }

            @Override
            public void unreadable() {
                unreadable.incrementAndGet();
            }
        };
        RedisDialer dialer = new RedisDialer(section, access);
        try {
            link = RedisLink.connect(dialer, section.writeTimeout(), linkTimers, () -> ThreadLocalRandom.current().nextLong(), log.log(),
                    watch);
        } catch (RedisFailure e) {
            dialer.close();
            linkTimers.close();
            threads.close();
            throw new IllegalStateException(e);
        }
    }

    static RedisSection section(String address) {
        return new RedisSection(new RedisServerSection(address), Duration.ofSeconds(2), PATIENCE, "gitlab-kas", Optional.empty(),
                Optional.empty(), "tcp", Optional.empty(), 0, false);
    }

    RedisAgentTracker agentTracker() {
        return agentTracker(new RedisAgentTracker.Periods(TTL, REFRESH, COLLECT));
    }

    RedisAgentTracker agentTracker(RedisAgentTracker.Periods periods) {
        RedisAgentTracker tracker = new RedisAgentTracker(link, keys, hashes(), periods, log.log());
        tracker.begin(timers);
        return tracker;
    }

    ExpiringHashes hashes() {
        return new ExpiringHashes(link, timers, TTL, failure -> unreadable.incrementAndGet());
    }

    RedisTunnelTracker tunnelTracker(String... ownUrls) {
        RedisTunnelTracker tracker = new RedisTunnelTracker(link, keys, hashes(), List.of(ownUrls), log.log());
        tracker.begin();
        return tracker;
    }

    RedisTokenLimiter tokenLimiter(long limit) {
        // a busy machine is no slow Redis
        return tokenLimiter(limit, Duration.ofSeconds(20));
    }

    RedisTokenLimiter tokenLimiter(long limit, Duration patience) {
        return new RedisTokenLimiter(link, keys, timers, limit, patience, log.log());
    }

    RedisErrorCache errorCache() {
        return new RedisErrorCache(link, keys, timers, log.log());
    }

    RedisUsedTokens usedTokens() {
        return new RedisUsedTokens(link, keys, timers, log.log());
    }

    RedisGitPushEvents events() {
        RedisGitPushEvents events = new RedisGitPushEvents(link, linkTimers, () -> ThreadLocalRandom.current().nextLong(), threads,
                log.log());
        events.begin();
        return events;
    }

    static byte[] key(String ascii, int... tail) {
        ByteString key = ByteString.copyFromUtf8(ascii);
        byte[] rest = new byte[tail.length];
        for (int i = 0; i < tail.length; i++) {
            rest[i] = (byte) tail[i];
        }
        return key.concat(ByteString.copyFrom(rest)).toByteArray();
    }

    @Override
    public void close() {
        link.close();
        linkTimers.close();
        threads.shutdownNow();
    }
}
