package org.openkas.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.lettuce.core.RedisURI;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.config.RedisNodes;
import org.openkas.config.RedisSection;
import org.openkas.config.RedisSentinelSection;
import org.openkas.config.RedisServerSection;
import org.openkas.config.Secret;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.RealRedis;

/** How a server comes to its Redis (chapter 04 §7.1). */
class RedisConnectionTest {
    @TempDir
    Path directory;

    private static RedisSection section(RedisNodes nodes, String network, Optional<String> username, int database) {
        return new RedisSection(nodes, Duration.ofSeconds(2), Duration.ofSeconds(1), "gitlab-kas", username, Optional.empty(), network,
                Optional.empty(), database, false);
    }

    private static RedisSection section(String address) {
        return section(new RedisServerSection(address), "tcp", Optional.empty(), 0);
    }

    private static RedisAccess password(String text) {
        return new RedisAccess(Optional.of(Secret.of(text.getBytes(StandardCharsets.UTF_8))), Optional.empty(), Optional.empty(),
                Optional.empty());
    }

    /** Connects, and looks whether the server works. */
    private static void works(RedisSection section, RedisAccess access) throws Exception {
        try (SharedRedis server = new SharedRedis(section, access, new FakeTimers())) {
            server.tunnelTracker("grpc://a:1").register(7);
            assertThat(server.tunnelTracker("grpc://b:1").gateways(7)).containsExactly("grpc://a:1");
        }
    }

    private static void fails(RedisSection section, RedisAccess access, String text) {
        long begin = System.nanoTime();
        assertThatThrownBy(() -> works(section, access)).hasCauseInstanceOf(RedisFailure.class).cause().hasMessageStartingWith(text)
                .hasMessageNotContaining("secret");
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(8));
    }

    @Test
    @DisplayName("TC-52 CO-19 the password counts to its last byte")
    void passwordVerbatim() throws Exception {
        try (RealRedis redis = RealRedis.start("--requirepass", "sécret\n")) {
            works(section(redis.address()), password("sécret\n"));
            fails(section(redis.address()), password("sécret"), "WRONGPASS");
            fails(section(redis.address()), RedisAccess.OPEN, "NOAUTH");
        }
    }

    @Test
    @DisplayName("connections carry the user, the database and the name gitlab-kas")
    void userAndDatabase() throws Exception {
        try (RealRedis redis = RealRedis.start("--user", "kas", "on", ">secret", "~gitlab-kas:*", "resetchannels", "&kas_events", "+@all");
                RealRedis.Client client = redis.client()) {
            RedisSection section = section(new RedisServerSection(redis.address()), "tcp", Optional.of("kas"), 3);
            works(section, password("secret"));
            try (RealRedis.Client inThree = redis.client(RedisURI.builder().withHost("127.0.0.1").withPort(redis.port()).withDatabase(3)
                    .build())) {
                assertThat(inThree.commands().keys("*")).hasSize(1);
            }
            assertThat(client.commands().keys("*")).isEmpty();
            try (SharedRedis server = new SharedRedis(section, password("secret"), new FakeTimers())) {
                assertThat(server.reachable).hasValue(1);
                assertThat(client.commands().clientList().lines().filter(line -> line.contains("user=kas")).toList()).hasSize(3)
                        .allMatch(line -> line.contains("name=gitlab-kas ") && line.contains(" db=3 "));
            }
            fails(section(new RedisServerSection(redis.address()), "tcp", Optional.of("kas"), 99), password("secret"), "DB index");
        }
    }

    @Test
    @DisplayName("CO-56 a unix socket")
    void unixSocket() throws Exception {
        Path socket = directory.resolve("redis.socket");
        RedisSection section = section(new RedisServerSection(socket.toString()), "unix", Optional.empty(), 0);
        fails(section, RedisAccess.OPEN, "dial unix " + socket + ": connect: no such file or directory");
        try (RealRedis redis = RealRedis.start("--unixsocket", socket.toString())) {
            assertThat(redis.port()).isPositive();
            works(section, RedisAccess.OPEN);
        }
    }

    @Test
    @DisplayName("CO-57 sentinels say where the leader is; they get the user name with their own password")
    void sentinels() throws Exception {
        int dead = FreePorts.some(1).getFirst();
        try (RealRedis redis = RealRedis.start("--requirepass", "secret", "--masterauth", "secret");
                RealRedis replica = RealRedis.start("--replicaof", "127.0.0.1", Integer.toString(redis.port()), "--masterauth", "secret",
                        "--requirepass",
                        "secret", "--repl-diskless-sync-delay", "0");
                RealRedis sentinel = RealRedis.start("--sentinel", "--user", "default", "on", ">other", "~*", "&*", "+@all", "--sentinel",
                        "monitor", "gitlab", "127.0.0.1", Integer.toString(redis.port()), "1", "--sentinel", "auth-pass", "gitlab",
                        "secret",
                        "--sentinel", "down-after-milliseconds", "gitlab", "500", "--sentinel", "failover-timeout", "gitlab", "2000")) {
            RedisSection section = section(
                    new RedisSentinelSection("gitlab", List.of("127.0.0.1:" + dead, sentinel.address()), Optional.empty(),
                            Optional.empty()),
                    "tcp", Optional.of("default"), 0);
            RedisAccess access = new RedisAccess(Optional.of(Secret.of("secret".getBytes(StandardCharsets.UTF_8))),
                    Optional.of(Secret.of("other".getBytes(StandardCharsets.UTF_8))), Optional.empty(), Optional.empty());
            works(section, access);
            fails(section(new RedisSentinelSection("nobody", List.of(sentinel.address()), Optional.empty(), Optional.empty()), "tcp",
                    Optional.of("default"), 0), access, "redis: sentinel " + sentinel.address() + " does not know master nobody");
            fails(section, password("secret"), "NOAUTH");
            try (SharedRedis server = new SharedRedis(section, access, new FakeTimers())) {
                RedisTunnelTracker tracker = server.tunnelTracker("grpc://a:1");
                tracker.register(7);
                RedisURI uri = RedisURI.builder().withHost("127.0.0.1").withPort(replica.port()).withPassword("secret".toCharArray())
                        .build();
                try (RealRedis.Client client = replica.client(uri)) {
                    await().until(() -> client.commands().keys("*").size() == 1);
                    redis.kill();
                    await().atMost(Duration.ofSeconds(30)).until(() -> client.commands().info("replication").contains("role:master"));
                    await().atMost(Duration.ofSeconds(30)).ignoreExceptions().untilAsserted(() -> tracker.register(8));
                    assertThat(client.commands().keys("*")).hasSize(2);
                }
            }
        }
    }

    @Test
    @DisplayName("CO-27 an address without a Redis fails within the dial limits, in words that tell why")
    void unreachable() throws Exception {
        int dead = FreePorts.some(1).getFirst();
        fails(section("127.0.0.1:" + dead), RedisAccess.OPEN, "dial tcp 127.0.0.1:" + dead + ": connect: connection refused");
        fails(section("no-such-host.invalid:1"), RedisAccess.OPEN, "dial tcp: lookup no-such-host.invalid: no such host");
        fails(section("localhost"), RedisAccess.OPEN, "dial tcp: address localhost: missing port in address");
        fails(section("localhost:redis"), RedisAccess.OPEN, "dial tcp: lookup tcp/redis: unknown port");
        try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            fails(section("127.0.0.1:" + silent.getLocalPort()), RedisAccess.OPEN,
                    "dial tcp 127.0.0.1:" + silent.getLocalPort() + ": i/o timeout");
        }
    }
}
