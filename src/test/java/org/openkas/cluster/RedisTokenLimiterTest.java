package org.openkas.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.openkas.cluster.SharedRedis.key;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.common.AgentToken;
import org.openkas.common.LogLevel;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RealRedis;

class RedisTokenLimiterTest extends TokenLimiterContract {
    private static final ByteString COUNTER = ByteString.copyFromUtf8("gitlab-kas:agent_limit:")
            .concat(ByteString.copyFrom(HexFormat.of().parseHex("36bbe50ed96841d10443bcb670d6554f0a34b761be67ec9c4a8ad2c0c44ca42c3a2a")));
    private static final AgentToken TOKEN = AgentToken.ofAgentk("abcdefghij");

    private static RealRedis redis;
    private static RealRedis.Client client;

    private final FakeTimers timers = new FakeTimers(Instant.parse("2026-01-02T03:42:05Z"));
    private SharedRedis server;
    private RedisTokenLimiter limiter;

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
        limiter = server.tokenLimiter(LIMIT);
    }

    @AfterEach
    void disconnect() {
        server.close();
    }

    @Override
    TokenLimiter limiter() {
        return limiter;
    }

    @Override
    void advance(Duration by) {
        timers.advance(by);
    }

    private boolean allow(AgentToken token) {
        return limiter.allow(token).toCompletableFuture().join();
    }

    @Test
    @DisplayName("AG-18 TC-53 the counter has the reference's key and lives 59 seconds; refused calls do not count")
    void counter() {
        for (int call = 0; call < LIMIT; call++) {
            assertThat(allow(TOKEN)).isTrue();
            assertThat(client.commands().get(COUNTER.toByteArray())).isEqualTo(key(Integer.toString(call + 1)));
        }
        assertThat(client.commands().pttl(COUNTER.toByteArray())).isBetween(50_000L, 59_000L);
        assertThat(allow(AgentToken.ofAgentk("abcdezzzzz"))).isFalse();
        assertThat(client.commands().get(COUNTER.toByteArray())).isEqualTo(key("3"));
        assertThat(server.log.lines("redistool.TokenLimiter: rate limit exceeded")).singleElement().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.DEBUG);
            assertThat(line.fields()).containsEntry("redis_key", Base64.getEncoder().encodeToString(COUNTER.toByteArray()))
                    .containsEntry("count", 3L).containsEntry("token_limit", 3L);
        });
    }

    @Test
    @DisplayName("TC-53 calls at other servers count")
    void otherServers() {
        client.commands().set(COUNTER.toByteArray(), key("2"));
        assertThat(allow(TOKEN)).isTrue();
        assertThat(allow(TOKEN)).isFalse();
        client.commands().set(COUNTER.toByteArray(), key("9"));
        assertThat(allow(TOKEN)).isFalse();
    }

    @Test
    @DisplayName("AG-19 where Redis cannot count, this server does, with the same limit, and says so once a minute")
    void ownCount() {
        client.commands().rpush(COUNTER.toByteArray(), key("list"));
        for (int call = 0; call < LIMIT; call++) {
            assertThat(allow(TOKEN)).isTrue();
        }
        assertThat(allow(TOKEN)).isFalse();
        assertThat(server.log.lines("redistool.TokenLimiter: error retrieving minute bucket count")).singleElement()
                .satisfies(line -> assertThat(line.fields().get("error")).asString().startsWith("WRONGTYPE"));
    }
}
