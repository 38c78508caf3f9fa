package org.openkas.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.openkas.common.AgentType.AGENTK;
import static org.openkas.testkit.Agents.connection;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.cluster.ErrorCache.Lookup;
import org.openkas.common.AgentToken;
import org.openkas.common.LogLevel;
import org.openkas.proto.gitlab.ClientError;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RealRedis;

/** What a server does without a Redis that it had (chapter 04 §7.10). */
class RedisLossTest {
    /** Long enough for a busy machine; if a call hung, all of them together would take twice as long. */
    private static final Duration AT_ONCE = Duration.ofSeconds(5);
    private static final AgentToken TOKEN = AgentToken.ofAgentk("abcdefghij");
    private static final ByteString KEY = ByteString.copyFromUtf8("key");
    private static final ClientError FORBIDDEN = ClientError.newBuilder().setStatusCode(403).build();

    private final RealRedis redis = RealRedis.start();
    private final FakeTimers timers = new FakeTimers();
    private SharedRedis server;
    private RedisAgentTracker agents;
    private RedisTokenLimiter limiter;
    private RedisErrorCache errors;

    @BeforeEach
    void connect() throws Exception {
        server = new SharedRedis(redis, timers);
        agents = server.agentTracker();
        limiter = server.tokenLimiter(3, Duration.ofMillis(300));
        errors = server.errorCache();
        agents.register(AGENTK, connection(9, 7, 5), true);
        limiter.allow(TOKEN).toCompletableFuture().join();
        assertThat(errors.find(Lookup.AGENT_INFO, KEY)).isEmpty();
    }

    @AfterEach
    void disconnect() {
        agents.close();
        server.close();
        redis.close();
    }

    private void awaitReachable(boolean yes) {
        await().atMost(Duration.ofSeconds(20)).until(() -> server.reachable.get() == (yes ? 1 : 0));
    }

    /** Nothing hangs, nothing that an agent needs fails. */
    private void goesOnAlone() {
        long begin = System.nanoTime();
        assertThat(IntStream.range(0, 5).filter(call -> limiter.allow(TOKEN).toCompletableFuture().join())).hasSize(3);
        assertThatThrownBy(() -> agents.byAgent(7)).isInstanceOf(TrackerException.class);
        assertThatThrownBy(agents::connectedAgents).isInstanceOf(TrackerException.class);
        assertThatThrownBy(() -> agents.register(AGENTK, connection(9, 8, 6), true)).isInstanceOf(TrackerException.class);
        errors.remember(Lookup.AGENT_INFO, KEY, FORBIDDEN, Duration.ofMinutes(1));
        assertThat(errors.find(Lookup.AGENT_INFO, KEY)).contains(FORBIDDEN);
        assertThat(server.log.lines("Failed to get cached error from Redis")).hasSize(1);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(AT_ONCE);
    }

    private void saysSoOnce() {
        assertThat(server.log.lines("Redis is lost: this server goes on with its own agents, other servers do not see them"))
                .singleElement()
                .satisfies(line -> {
                    assertThat(line.level()).isEqualTo(LogLevel.ERROR);
                    assertThat(line.fields()).containsKeys("error", "remedy");
                });
        assertThat(server.log.lines("Redis is back")).hasSize(1);
    }

    @Test
    @DisplayName("AG-19 RA-8 GB-37 a killed Redis: everything goes on or fails at once, and is made good when Redis is back")
    void killed() throws Exception {
        redis.kill();
        awaitReachable(false);
        goesOnAlone();
        await().untilAsserted(() -> assertThat(server.link.failure())
                .contains("redis: dial tcp " + redis.address() + ": connect: connection refused"));
        redis.restart();
        awaitReachable(true);
        await().untilAsserted(() -> {
            assertThat(agents.byAgent(7)).containsExactly(connection(9, 7, 5));
            assertThat(agents.byProject(9)).containsExactlyInAnyOrder(connection(9, 7, 5), connection(9, 8, 6));
            assertThat(agents.connectedAgents()).isEqualTo(2);
        });
        assertThat(server.link.failure()).isEmpty();
        saysSoOnce();
    }

    @Test
    @DisplayName("AG-19 a paused Redis: calls wait for a bounded time, then it is as lost as a killed one")
    void paused() throws Exception {
        redis.pause();
        long begin = System.nanoTime();
        assertThat(limiter.allow(TOKEN).toCompletableFuture().join()).isTrue();
        assertThatThrownBy(() -> agents.byAgent(7)).isInstanceOf(TrackerException.class);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(SharedRedis.PATIENCE.plus(AT_ONCE));
        awaitReachable(false);
        timers.advance(Duration.ofMinutes(1));
        goesOnAlone();
        redis.resume();
        awaitReachable(true);
        await().untilAsserted(() -> assertThat(agents.byProject(9)).hasSize(2));
        saysSoOnce();
    }

    @Test
    @DisplayName("thirty thousand agents are written again, without losing Redis over it")
    void many() throws Exception {
        redis.pause();
        awaitReachable(false);
        for (int agent = 1; agent <= 30_000; agent++) {
            int id = agent;
            assertThatThrownBy(() -> agents.register(AGENTK, connection(1 + id / 100, id, id), true)).isInstanceOf(TrackerException.class);
        }
        redis.resume();
        awaitReachable(true);
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> assertThat(agents.connectedAgents()).isEqualTo(30_000));
        assertThat(agents.all()).hasSize(30_001);
        saysSoOnce();
    }

    @Test
    @DisplayName("AG-19 a slow Redis: calls that would wait for too long are counted here, and it is not lost")
    void slow() {
        try (RealRedis.Client client = redis.client()) {
            client.commands().clientPause(700);
            assertThat(limiter.allow(TOKEN).toCompletableFuture().join()).isTrue();
            assertThat(server.log.lines("redistool.TokenLimiter: error retrieving minute bucket count")).singleElement()
                    .satisfies(line -> assertThat(line.fields()).containsEntry("error", "i/o timeout"));
            await().untilAsserted(() -> assertThat(server.link.failure()).isEmpty());
            assertThat(server.reachable).hasValue(1);
        }
    }

    @Test
    @DisplayName("AG-19 a full Redis: calls are counted here, records fail with its own words, and it is not lost")
    void full() throws Exception {
        try (RealRedis.Client client = redis.client()) {
            client.commands().configSet("maxmemory", "1");
            client.commands().flushall();
            assertThat(IntStream.range(0, 5).filter(call -> limiter.allow(TOKEN).toCompletableFuture().join())).hasSize(3);
            assertThat(server.log.lines("redistool.TokenLimiter: error while incrementing token key count")).hasSize(1);
            assertThatThrownBy(() -> agents.register(AGENTK, connection(9, 8, 6), false)).isInstanceOf(TrackerException.class)
                    .hasMessageStartingWith("OOM command not allowed");
            assertThat(agents.byAgent(8)).isEmpty();
            errors.remember(Lookup.AGENT_INFO, KEY, FORBIDDEN, Duration.ofMinutes(1));
            assertThat(server.log.lines("Failed to cache error in Redis")).hasSize(1);
            client.commands().configSet("maxmemory", "0");
            timers.advance(SharedRedis.REFRESH);
            assertThat(agents.byAgent(8)).hasSize(1);
            assertThat(server.reachable).hasValue(1);
        }
    }

    @Test
    @DisplayName("AG-19 a Redis that became a replica: reads work, writes fail with its own words, calls are counted here")
    void replica() throws Exception {
        try (RealRedis leader = RealRedis.start(); RealRedis.Client client = redis.client()) {
            client.commands().replicaof("127.0.0.1", leader.port());
            assertThatThrownBy(() -> agents.register(AGENTK, connection(9, 8, 6), false)).isInstanceOf(TrackerException.class)
                    .hasMessageStartingWith("READONLY");
            assertThat(limiter.allow(TOKEN).toCompletableFuture().join()).isTrue();
            client.commands().replicaofNoOne();
            agents.register(AGENTK, connection(9, 8, 6), false);
            assertThat(server.reachable).hasValue(1);
        }
    }
}
