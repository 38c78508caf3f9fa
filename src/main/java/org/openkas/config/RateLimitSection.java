package org.openkas.config;

/**
 * A token bucket (chapter 05 §4.2, §4.5). Immutable.
 *
 * @param refillRatePerSecond greater than zero; infinity means no limit
 * @param bucketSize how many calls may come at once
 */
public record RateLimitSection(double refillRatePerSecond, long bucketSize) {

    static RateLimitSection read(MessageReader c, double refillRatePerSecond, long bucketSize) {
        return new RateLimitSection(
                c.real("refill_rate_per_second", "calls per second in the long run. 0 means the default").must(Rule.zeroOrMore())
                        .orElse(refillRatePerSecond),
                c.size("bucket_size", "calls that may come at once. 0 means the default").orElse(bucketSize));
    }
}
