package org.openkas.config;

/** Where Redis is: one server, or sentinels that know (chapter 05 §4.6). */
public sealed interface RedisNodes permits RedisServerSection, RedisSentinelSection {
}
