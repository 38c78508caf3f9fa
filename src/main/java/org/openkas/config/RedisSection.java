package org.openkas.config;

import java.time.Duration;
import java.util.Optional;

/**
 * {@code redis}: the state that several servers share (chapter 05 §4.6). Immutable.
 *
 * @param passwordFile path of the password, whose bytes count as they stand
 * @param network {@code tcp} or {@code unix}
 * @param strictReadiness whether the server is not ready while Redis is lost
 */
public record RedisSection(RedisNodes nodes, Duration dialTimeout, Duration writeTimeout, String keyPrefix, Optional<String> username,
        Optional<String> passwordFile, String network, Optional<RedisTlsSection> tls, int databaseIndex, boolean strictReadiness) {
    private static final String STRICT = "strict";

    static RedisSection read(MessageReader c) {
        RedisNodes nodes = nodes(c);
        c.size("pool_size", "no effect; kept for old files").ifGiven();
        Duration dialTimeout = c.duration("dial_timeout", "how long a connection may take to open").must(Rule.positive())
                .orElse(Duration.ofSeconds(5));
        c.duration("read_timeout", "no effect; kept for old files").must(Rule.positive()).ifGiven();
        Duration writeTimeout = c.duration("write_timeout", "how long Redis may take to answer; after that it counts as lost")
                .must(Rule.positive())
                .orElse(Duration.ofSeconds(3));
        c.duration("idle_timeout", "no effect; kept for old files").must(Rule.positive()).ifGiven();
        return new RedisSection(nodes, dialTimeout, writeTimeout,
                c.text("key_prefix", "how all keys in Redis begin; the same on all servers of one cluster").orElse("gitlab-kas"),
                c.text("username", "user name, for Redis with access control lists").ifGiven(),
                c.text("password_file", "file with the password, taken as it stands: a line feed at the end is part of it").ifGiven(),
                c.text("network", "tcp, or unix for a socket").must(Rule.in("", "tcp", "unix")).orElse("tcp"),
                c.section("tls", "RedisTLSCF", "TLS towards Redis", RedisTlsSection::read).ifGiven(),
                Math.toIntExact(
                        c.field("database_index", ValueType.INDEX, "number of the logical database").must(Rule.zeroOrMore()).orElse(0L)),
                c.text("readiness",
                        "strict: the server is not ready while Redis is lost; tolerant: it stays ready and serves its own agents. OpenKAS only")
                        .must(Rule.in("", "tolerant", STRICT)).orElse("tolerant").equals(STRICT));
    }

    private static RedisNodes nodes(MessageReader c) {
        Optional<RedisServerSection> server = c
                .section("server", "RedisServerCF", "one Redis server; either this or sentinel", RedisServerSection::read).alternative()
                .ifGiven();
        Optional<RedisSentinelSection> sentinel = c
                .section("sentinel", "RedisSentinelCF", "Redis behind sentinels; either this or server", RedisSentinelSection::read)
                .alternative().ifGiven();
        c.exactlyOneOf("sentinel", "server", "gitlab.agent.kascfg.RedisCF.redis_config", "RedisConfig");
        return sentinel.<RedisNodes>map(nodes -> nodes).or(() -> server).orElseGet(() -> new RedisServerSection(""));
    }
}
