package org.openkas.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.openkas.cluster.SharedRedis.key;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.cluster.ErrorCache.Lookup;
import org.openkas.proto.event.GitPushEvent;
import org.openkas.proto.gitlab.ClientError;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RealRedis;

class RedisErrorCacheTest extends ErrorCacheContract {
    private static final ByteString HASH = ByteString
            .copyFrom(HexFormat.of().parseHex("36bbe50ed96841d10443bcb670d6554f0a34b761be67ec9c4a8ad2c0c44ca42c"));
    private static final ClientError UNAUTHORIZED = ClientError.newBuilder().setStatusCode(401)
            .setPath("/api/v4/internal/kubernetes/agent_info").build();
    private static final byte[] STORED = HexFormat.of().parseHex("0a33747970652e676f6f676c65617069732e636f6d2f6769746c61622e6167656e742e"
            + "6769746c61622e436c69656e744572726f72122b08910312262f6170692f76342f696e7465726e616c2f6b756265726e657465732f6167656e745f696e666f");

    private static RealRedis redis;
    private static RealRedis.Client client;

    private SharedRedis server;
    private RedisErrorCache cache;

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
        server = new SharedRedis(redis, new FakeTimers());
        cache = server.errorCache();
    }

    @AfterEach
    void disconnect() {
        server.close();
    }

    @Override
    ErrorCache cache() {
        return cache;
    }

    @Override
    void pass(Duration time) {
        client.pass(time);
    }

    @Test
    @DisplayName("GB-34 GB-36 an error has the reference's key, value and time to live, and its values are understood")
    void layout() {
        cache.remember(Lookup.AGENT_INFO, HASH, UNAUTHORIZED, Duration.ofSeconds(60));
        byte[] key = ByteString.copyFromUtf8("gitlab-kas:agent_info_errs:").concat(HASH).toByteArray();
        assertThat(client.commands().get(key)).isEqualTo(STORED);
        assertThat(client.commands().pttl(key)).isBetween(55_000L, 60_000L);
        client.commands().flushall();
        client.commands().set(key, STORED);
        assertThat(cache.find(Lookup.AGENT_INFO, HASH)).contains(UNAUTHORIZED);
    }

    @Test
    @DisplayName("KP-26 refusals of CI jobs have keys of their own and live ten seconds")
    void allowedAgents() {
        cache.remember(Lookup.ALLOWED_AGENTS, HASH, UNAUTHORIZED.toBuilder().setStatusCode(403).build(), Duration.ofSeconds(10));
        byte[] key = ByteString.copyFromUtf8("gitlab-kas:allowed_agents_errs:").concat(HASH).toByteArray();
        assertThat(client.commands().pttl(key)).isBetween(8_000L, 10_000L);
        try (SharedRedis other = new SharedRedis(redis, new FakeTimers())) {
            assertThat(other.errorCache().find(Lookup.ALLOWED_AGENTS, HASH)).map(ClientError::getStatusCode).contains(403);
        }
    }

    @Test
    @DisplayName("TC-55 what makes no sense is no error, and is reported")
    void garbage() {
        byte[] key = ByteString.copyFromUtf8("gitlab-kas:agent_info_errs:").concat(HASH).toByteArray();
        client.commands().set(key, key("garbage"));
        assertThat(cache.find(Lookup.AGENT_INFO, HASH)).isEmpty();
        client.commands().set(key, Any.pack(GitPushEvent.getDefaultInstance()).toByteArray());
        assertThat(cache.find(Lookup.AGENT_INFO, HASH)).isEmpty();
        assertThat(server.log.lines("Failed to unmarshal cached error")).hasSize(2);
        client.commands().set(key, new byte[0]);
        assertThat(cache.find(Lookup.AGENT_INFO, HASH)).isEmpty();
        assertThat(server.log.lines("Failed to unmarshal cached error")).hasSize(2);
    }

    @Test
    @DisplayName("chapter 04 §1.5: that whoever asked has left is no failure of Redis, and not reported")
    void abandoned() {
        Thread.currentThread().interrupt();
        assertThat(cache.find(Lookup.AGENT_INFO, HASH)).isEmpty();
        cache.remember(Lookup.AGENT_INFO, HASH, UNAUTHORIZED, Duration.ofSeconds(60));
        assertThat(Thread.interrupted()).isTrue();
        assertThat(server.log.lines()).noneMatch(line -> line.message().startsWith("Failed to"));
    }

    @Test
    @DisplayName("GB-37 a key of another type is no error, is reported each time, and this server remembers for itself")
    void wrongType() {
        byte[] key = ByteString.copyFromUtf8("gitlab-kas:agent_info_errs:").concat(HASH).toByteArray();
        client.commands().rpush(key, key("list"));
        assertThat(cache.find(Lookup.AGENT_INFO, HASH)).isEmpty();
        assertThat(cache.find(Lookup.AGENT_INFO, HASH)).isEmpty();
        assertThat(server.log.lines("Failed to get cached error from Redis")).hasSize(2)
                .allSatisfy(line -> assertThat(line.fields().get("error")).asString().startsWith("WRONGTYPE"));
    }
}
