package org.openkas.config;

/** {@code gitaly}: limits of calls to Gitaly; calls beyond them wait (chapter 05 §4.5). Immutable. */
public record GitalySection(RateLimitSection globalApiRateLimit, RateLimitSection perServerApiRateLimit) {

    static GitalySection read(MessageReader c) {
        return new GitalySection(
                c.section("global_api_rate_limit", "TokenBucketRateLimitCF", "limit of calls to all Gitaly servers together",
                        inner -> RateLimitSection.read(inner, 30, 70)).orDefaults(),
                c.section("per_server_api_rate_limit", "TokenBucketRateLimitCF", "limit of calls to each Gitaly server",
                        inner -> RateLimitSection.read(inner, 15, 40)).orDefaults());
    }
}
