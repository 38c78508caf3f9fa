package org.openkas.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RealRedis;

class RedisUsedTokensTest extends UsedTokensContract {
    private static final Duration LIFE = Duration.ofSeconds(30);
    private static final String LINE = "Failed to remember a used WebSocket token in Redis: until it works, such tokens serve once per server";

    private final RealRedis redis = RealRedis.start();
    private final RealRedis.Client client = redis.client();
    private final FakeTimers timers = new FakeTimers();
    private final FakeTimers otherTimers = new FakeTimers();
    private SharedRedis server;
    private SharedRedis otherServer;
    private UsedTokens tokens;
    private UsedTokens others;

    @BeforeEach
    void connect() {
        server = new SharedRedis(redis, timers);
        otherServer = new SharedRedis(redis, otherTimers);
        tokens = server.usedTokens();
        others = otherServer.usedTokens();
    }

    @AfterEach
    void disconnect() {
        server.close();
        otherServer.close();
        client.close();
        redis.close();
    }

    @Override
    UsedTokens tokens() {
        return tokens;
    }

    @Override
    void advance(Duration by) {
        timers.advance(by);
        otherTimers.advance(by);
        client.pass(by);
    }

    private static ByteString id(String text) {
        return ByteString.copyFromUtf8(text);
    }

    @Test
    @DisplayName("NR-037 NR-038 a token that served at one server serves at no other")
    void once() {
        assertThat(tokens.use(id("first here"), LIFE)).isTrue();
        assertThat(others.use(id("first here"), LIFE)).isFalse();
        assertThat(others.use(id("first there"), LIFE)).isTrue();
        assertThat(tokens.use(id("first there"), LIFE)).isFalse();
    }

    @Test
    @DisplayName("NR-037 of many who use a token at the same time at two servers, one may")
    void atOnce() throws Exception {
        for (int round = 0; round < 50; round++) {
            ByteString token = id("token " + round);
            CyclicBarrier begin = new CyclicBarrier(6);
            List<Callable<Boolean>> users = IntStream.range(0, 6).<Callable<Boolean>>mapToObj(user -> () -> {
                begin.await();
                return (user % 2 == 0 ? tokens : others).use(token, LIFE);
            }).toList();
            List<Future<Boolean>> answers = server.threads.invokeAll(users);
            assertThat(answers.stream().map(Future::resultNow)).containsOnlyOnce(true);
        }
    }

    @Test
    @DisplayName("In Redis stands a digest under the configured prefix, without a value, as long as the token could be used")
    void layout() throws Exception {
        assertThat(tokens.use(id("a nonce"), Duration.ofMillis(12_345))).isTrue();
        byte[] key = SharedRedis.key("gitlab-kas:websocket_tokens:");
        byte[] digest = MessageDigest.getInstance("SHA-256").digest("a nonce".getBytes(StandardCharsets.US_ASCII));
        byte[] name = ByteString.copyFrom(key).concat(ByteString.copyFrom(digest)).toByteArray();
        assertThat(client.commands().keys("*")).containsExactly(name);
        assertThat(client.commands().get(name)).isEmpty();
        assertThat(client.commands().pttl(name)).isBetween(2_345L, 12_345L);
    }

    @Test
    @DisplayName("NR-037 without Redis each server decides for itself, at once, and says so once a minute; what it knows stays refused")
    void lost() throws Exception {
        assertThat(tokens.use(id("before"), LIFE)).isTrue();
        redis.kill();
        assertThat(tokens.use(id("before"), LIFE)).isFalse();
        for (int i = 0; i < 100; i++) {
            assertThat(tokens.use(id("during " + i), LIFE)).isTrue();
            assertThat(tokens.use(id("during " + i), LIFE)).isFalse();
        }
        assertThat(server.log.lines(LINE)).singleElement().satisfies(line -> assertThat(line.fields()).containsKey("error"));
        redis.restart();
        await().atMost(Duration.ofSeconds(20)).until(() -> server.link.failure().isEmpty());
        assertThat(tokens.use(id("during 1"), LIFE)).isFalse();
        assertThat(tokens.use(id("after"), LIFE)).isTrue();
        await().atMost(Duration.ofSeconds(20)).until(() -> otherServer.link.failure().isEmpty());
        assertThat(others.use(id("after"), LIFE)).isFalse();
    }

    @Test
    @DisplayName("a client that leaves while its token is looked at is no failure of Redis, and does not get in")
    void interrupted() throws Exception {
        redis.pause();
        Thread.currentThread().interrupt();
        assertThat(tokens.use(id("token"), LIFE)).isFalse();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(server.log.lines(LINE)).isEmpty();
        redis.resume();
    }

    @Test
    @DisplayName("NR-037 a Redis that is full: this server decides")
    void full() {
        client.commands().configSet("maxmemory", "1");
        assertThat(tokens.use(id("token"), LIFE)).isTrue();
        assertThat(tokens.use(id("token"), LIFE)).isFalse();
        assertThat(server.log.lines(LINE)).singleElement()
                .satisfies(line -> assertThat(line.fields().get("error")).asString().startsWith("OOM command not allowed"));
    }
}
