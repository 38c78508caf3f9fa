package org.openkas.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.openkas.cluster.SharedRedis.key;
import static org.openkas.common.AgentType.AGENTK;
import static org.openkas.testkit.Agents.connection;

import com.google.protobuf.InvalidProtocolBufferException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.proto.agenttracker.ConnectedAgentInfo;
import org.openkas.proto.redistool.ExpiringValue;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RealRedis;

class RedisAgentTrackerTest extends AgentTrackerContract {
    private static final byte[] BY_AGENT = key("gitlab-kas:agent_tracker2:conn_by_agent_id:", 7, 0, 0, 0, 0, 0, 0, 0);
    private static final byte[] BY_PROJECT = key("gitlab-kas:agent_tracker2:conn_by_project_id:", 9, 0, 0, 0, 0, 0, 0, 0);
    private static final byte[] AGENTS = key("gitlab-kas:agent_tracker2:connected_agents");

    private static RealRedis redis;
    private static RealRedis.Client client;

    private final FakeTimers timers = new FakeTimers();
    private SharedRedis server;
    private RedisAgentTracker tracker;

    @BeforeAll
    static void startRedis() {
        redis = RealRedis.start();
        client = redis.client();
    }

    @AfterAll
    static void stopRedis() {
        client.close();
        redis.close();
    }

    @BeforeEach
    void connect() {
        client.commands().flushall();
        server = new SharedRedis(redis, timers);
        tracker = server.agentTracker();
    }

    @AfterEach
    void disconnect() {
        tracker.close();
        server.close();
    }

    @Override
    AgentTracker tracker() {
        return tracker;
    }

    @Override
    void advance(Duration by) {
        timers.advance(by);
    }

    private static ExpiringValue value(byte[] key, String field) throws InvalidProtocolBufferException {
        return ExpiringValue.parseFrom(client.commands().hget(key, key(field)));
    }

    private long now() {
        return timers.now().getEpochSecond();
    }

    @Test
    @DisplayName("TC-57 a registration is in three hashes, once, and every server lists it")
    void layout() throws Exception {
        tracker.register(AGENTK, connection(9, 7, 5), false);
        tracker.register(AGENTK, connection(9, 7, 5), false);
        assertThat(client.commands().keys("*")).containsExactlyInAnyOrder(BY_AGENT, BY_PROJECT, AGENTS);
        for (byte[] key : new byte[][]{BY_AGENT, BY_PROJECT}) {
            assertThat(client.commands().hkeys(key)).containsExactly(key("5"));
            ExpiringValue value = value(key, "5");
            assertThat(value.getExpiresAt()).isEqualTo(now() + 300);
            assertThat(ConnectedAgentInfo.parseFrom(value.getValue())).isEqualTo(connection(9, 7, 5));
        }
        assertThat(client.commands().hkeys(AGENTS)).containsExactly(key("7"));
        assertThat(value(AGENTS, "7")).isEqualTo(ExpiringValue.newBuilder().setExpiresAt(now() + 300).build());
        for (byte[] key : new byte[][]{BY_AGENT, BY_PROJECT, AGENTS}) {
            assertThat(client.commands().pttl(key)).isBetween(290_000L, 300_000L);
        }
        try (SharedRedis other = new SharedRedis(redis, timers); RedisAgentTracker there = other.agentTracker()) {
            assertThat(there.byAgent(7)).containsExactly(connection(9, 7, 5));
            assertThat(there.byProject(9)).containsExactly(connection(9, 7, 5));
            assertThat(there.all()).containsExactly(connection(9, 7, 5));
            assertThat(there.connectedAgents()).isEqualTo(1);
        }
    }

    @Test
    @DisplayName("TC-58 at the end of a connection both its records go at once, that of the agent stays until it expires")
    void unregisterLeavesAgent() throws Exception {
        tracker.register(AGENTK, connection(9, 7, 5), true);
        tracker.unregister(AGENTK, connection(9, 7, 5));
        assertThat(client.commands().keys("*")).containsExactly(AGENTS);
        timers.advance(SharedRedis.REFRESH);
        assertThat(value(AGENTS, "7").getExpiresAt()).isEqualTo(now() - 240 + 300);
    }

    @Test
    @DisplayName("TC-59 expired agents count until a server that has an entry in the hash collects them")
    void collection() throws Exception {
        client.commands().hset(AGENTS, key("99"), ExpiringValue.newBuilder().setExpiresAt(now() + 100).build().toByteArray());
        client.commands().hset(AGENTS, key("98"), key("no message"));
        tracker.register(AGENTK, connection(9, 7, 5), true);
        timers.advance(Duration.ofSeconds(599));
        assertThat(tracker.connectedAgents()).isEqualTo(3);
        timers.advance(Duration.ofSeconds(1));
        assertThat(tracker.connectedAgents()).as("what nobody understands stays").isEqualTo(2);
        assertThat(server.log.lines("Deleted expired agent connections records")).singleElement()
                .satisfies(line -> assertThat(line.fields()).containsEntry("removed_hash_keys", 1L));
    }

    @Test
    @DisplayName("what would expire before the tick after the next is renewed, in Redis and for its keys")
    void refreshes() throws Exception {
        timers.advance(Duration.ofSeconds(175));
        tracker.register(AGENTK, connection(9, 7, 5), true);
        client.pass(Duration.ofSeconds(65));
        // 65 s old: the reference leaves such a record alone, and it is gone for five seconds
        timers.advance(Duration.ofSeconds(65));
        assertThat(value(BY_AGENT, "5").getExpiresAt()).isEqualTo(now() + 300);
        assertThat(value(AGENTS, "7").getExpiresAt()).isEqualTo(now() + 300);
        assertThat(client.commands().pttl(BY_PROJECT)).isGreaterThan(290_000);
    }

    @Test
    @DisplayName("TC-49 expired records are not listed and are removed by whoever reads")
    void expiredOnRead() throws Exception {
        ExpiringValue over = ExpiringValue.newBuilder().setExpiresAt(now() - 1).setValue(connection(9, 7, 4).toByteString()).build();
        ExpiringValue never = over.toBuilder().clearExpiresAt().build();
        ExpiringValue last = over.toBuilder().setExpiresAt(now()).build();
        client.commands().hset(BY_AGENT, Map.of(key("1"), over.toByteArray(), key("2"), never.toByteArray(), key("3"), last.toByteArray()));
        assertThat(tracker.byAgent(7)).hasSize(1);
        await().untilAsserted(() -> assertThat(client.commands().hkeys(BY_AGENT)).containsExactly(key("3"))); // nobody waits for it
    }

    @Test
    @DisplayName("RA-7 records that make no sense are passed over, reported and kept")
    void unreadable() throws Exception {
        tracker.register(AGENTK, connection(9, 7, 5), true);
        client.commands().hset(BY_AGENT, key("6"), key("no message"));
        client.commands().hset(BY_AGENT, key("8"),
                ExpiringValue.newBuilder().setExpiresAt(now() + 9).setValue(com.google.protobuf.ByteString.copyFromUtf8("no message"))
                        .build()
                        .toByteArray());
        assertThat(tracker.byAgent(7)).containsExactly(connection(9, 7, 5));
        assertThat(server.unreadable).hasValue(1);
        assertThat(server.log.lines("Redis proto.Unmarshal(ConnectedAgentInfo)")).hasSize(1);
        assertThat(client.commands().hlen(BY_AGENT)).isEqualTo(3);
    }

    @Test
    @DisplayName("a hash of another kind fails the question with Redis' own words")
    void wrongType() {
        client.commands().set(BY_AGENT, key("text"));
        assertThatThrownBy(() -> tracker.byAgent(7)).isInstanceOf(TrackerException.class).hasMessageStartingWith("WRONGTYPE");
    }
}
