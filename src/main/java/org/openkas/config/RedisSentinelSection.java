package org.openkas.config;

import java.util.List;
import java.util.Optional;

/** {@code redis.sentinel}: sentinels that know which server leads (chapter 05 §4.6, chapter 07 §6.1). Immutable. */
public record RedisSentinelSection(String masterName, List<String> addresses, Optional<String> sentinelPasswordFile,
        Optional<RedisTlsSection> tls) implements RedisNodes {

    static RedisSentinelSection read(MessageReader c) {
        return new RedisSentinelSection(
                c.text("master_name", "name under which the sentinels know the group").must(Rule.notEmpty()).orElse(""),
                c.field("addresses", ValueType.TEXTS, "host:port of every sentinel").must(Rule.someNotEmpty()).orElse(List.of()),
                c.text("sentinel_password_file", "file with the password of the sentinels, taken as it stands; sent with redis.username")
                        .ifGiven(),
                c.section("tls", "RedisTLSCF", "TLS towards the sentinels; redis.tls applies when absent", RedisTlsSection::read)
                        .ifGiven());
    }
}
