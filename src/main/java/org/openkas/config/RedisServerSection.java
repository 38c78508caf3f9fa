package org.openkas.config;

/** {@code redis.server}: one server, at host and port or at the path of a socket (chapter 05 §4.6). Immutable. */
public record RedisServerSection(String address) implements RedisNodes {

    static RedisServerSection read(MessageReader c) {
        return new RedisServerSection(
                c.text("address", "host:port of Redis, or the path of its socket when redis.network is unix").must(Rule.notEmpty())
                        .orElse(""));
    }
}
