package org.openkas.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.openkas.cluster.SharedRedis.key;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.proto.redistool.ExpiringValue;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RealRedis;

class RedisTunnelTrackerTest extends TunnelTrackerContract {
    private static final String OWN = "grpc://10.0.0.1:8155";
    private static final byte[] AGENT_7 = key("gitlab-kas:tunnel_tracker2:kas_by_agent_id:", 7, 0, 0, 0, 0, 0, 0, 0);

    private final RealRedis redis = RealRedis.start();
    private final FakeTimers timers = new FakeTimers();
    private RealRedis.Client client;
    private SharedRedis server;
    private RedisTunnelTracker tracker;

    @BeforeEach
    void connect() {
        client = redis.client();
        server = new SharedRedis(redis, timers);
        tracker = server.tunnelTracker(OWN);
    }

    @AfterEach
    void disconnect() {
        client.close();
        server.close();
        redis.close();
    }

    @Override
    TunnelTracker of(String... ownUrls) {
        return server.tunnelTracker(ownUrls);
    }

    @Override
    void advance(Duration time) {
        timers.advance(time);
        client.pass(time);
    }

    private ExpiringValue value(byte[] key) throws Exception {
        return ExpiringValue.parseFrom(client.commands().hget(key, key(OWN)));
    }

    @Test
    @DisplayName("TC-01 an agent with an idle tunnel is a hash with the server's URL, for its time to live")
    void register() throws Exception {
        tracker.register(7);
        assertThat(client.commands().keys("*")).containsExactly(AGENT_7);
        assertThat(client.commands().hkeys(AGENT_7)).containsExactly(key(OWN));
        assertThat(value(AGENT_7)).isEqualTo(ExpiringValue.newBuilder().setExpiresAt(timers.now().getEpochSecond() + 300).build());
        assertThat(client.commands().pttl(AGENT_7)).isBetween(298_000L, 300_000L);
        assertThat(tracker.gateways(7)).containsExactly(OWN);
        assertThat(tracker.gateways(8)).isEmpty();
    }

    @Test
    @DisplayName("TC-03 an agent without idle tunnels leaves nothing of this server, and all of others")
    void unregister() throws Exception {
        RedisTunnelTracker other = server.tunnelTracker("grpc://10.0.0.2:8155");
        tracker.register(7);
        other.register(7);
        assertThat(tracker.gateways(7)).containsExactlyInAnyOrder(OWN, "grpc://10.0.0.2:8155");
        tracker.unregister(7);
        tracker.unregister(7);
        assertThat(tracker.gateways(7)).containsExactly("grpc://10.0.0.2:8155");
    }

    @Test
    @DisplayName("TC-05 a refresh renews the agents it names, in Redis and for their keys, and makes those that are missing")
    void refresh() throws Exception {
        tracker.register(7);
        tracker.register(8);
        long before = timers.now().getEpochSecond();
        timers.advance(SharedRedis.REFRESH);
        client.pass(SharedRedis.REFRESH);
        tracker.refresh(List.of(7L, 7L + 256, 1L << 40));
        long expiry = timers.now().getEpochSecond() + 300;
        assertThat(value(AGENT_7).getExpiresAt()).isEqualTo(expiry);
        assertThat(client.commands().pttl(AGENT_7)).isGreaterThan(298_000);
        assertThat(value(key("gitlab-kas:tunnel_tracker2:kas_by_agent_id:", 7, 1, 0, 0, 0, 0, 0, 0)).getExpiresAt()).isEqualTo(expiry);
        assertThat(value(key("gitlab-kas:tunnel_tracker2:kas_by_agent_id:", 0, 0, 0, 0, 0, 1, 0, 0)).getExpiresAt()).isEqualTo(expiry);
        assertThat(value(key("gitlab-kas:tunnel_tracker2:kas_by_agent_id:", 8, 0, 0, 0, 0, 0, 0, 0)).getExpiresAt())
                .isEqualTo(before + 300);
    }

    @Test
    @DisplayName("TC-49 NR-054 an expired entry is not used and goes; one that makes no sense is not used, is counted and stays")
    void badEntries() throws Exception {
        long now = timers.now().getEpochSecond();
        client.commands().hset(AGENT_7,
                Map.of(key("grpc://expired:1"), ExpiringValue.newBuilder().setExpiresAt(now - 1).build().toByteArray(),
                        key("grpc://unreadable:1"), key("no message"), key("grpc://good:1"),
                        ExpiringValue.newBuilder().setExpiresAt(now).build().toByteArray()));
        assertThat(tracker.gateways(7)).containsExactly("grpc://good:1");
        await().untilAsserted(() -> assertThat(client.commands().hkeys(AGENT_7)) // nobody waits for the removal
                .containsExactlyInAnyOrder(key("grpc://unreadable:1"), key("grpc://good:1")));
        assertThat(server.unreadable).hasValue(1);
    }

    @Test
    @DisplayName("what happened while Redis was lost is written when it is back")
    void recovery() throws Exception {
        tracker.register(7);
        tracker.register(8);
        redis.pause();
        await().until(() -> server.reachable.get() == 0);
        long begin = System.nanoTime();
        for (Thread each : List.of(Thread.ofVirtual().start(() -> fails(9)), Thread.ofVirtual().start(() -> leaves(8)))) {
            each.join();
        }
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofMillis(500));
        redis.resume();
        await().until(() -> server.reachable.get() == 1);
        await().untilAsserted(() -> {
            assertThat(tracker.gateways(7)).containsExactly(OWN);
            assertThat(tracker.gateways(9)).containsExactly(OWN);
            assertThat(tracker.gateways(8)).isEmpty();
        });
    }

    private void fails(long agentId) {
        try {
            tracker.register(agentId);
            throw new AssertionError("Redis is lost");
        } catch (TrackerException e) {
            assertThat(e).hasMessageNotContaining("null");
        }
    }

    private void leaves(long agentId) {
        try {
            tracker.unregister(agentId);
            throw new AssertionError("Redis is lost");
        } catch (TrackerException e) {
            assertThat(e).hasMessageNotContaining("null");
        }
    }
}
