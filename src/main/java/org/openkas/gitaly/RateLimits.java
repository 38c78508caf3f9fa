package org.openkas.gitaly;

/**
 * How fast Gitaly is called (chapter 02 §5.6): tokens a second and the size of the bucket, for the whole process and for each
 * server and token.
 */
public record RateLimits(double globalRefillPerSecond, int globalBucketSize, double serverRefillPerSecond, int serverBucketSize) {

    /** What holds unless configured otherwise. */
    public static final RateLimits DEFAULTS = new RateLimits(30, 70, 15, 40);

    /** All four must be greater than zero. */
    public RateLimits {
        if (!(globalRefillPerSecond > 0) || globalBucketSize <= 0 || !(serverRefillPerSecond > 0) || serverBucketSize <= 0) {
            throw new IllegalArgumentException("gitaly rate limits: refill rates and bucket sizes must be greater than 0");
        }
    }
}
