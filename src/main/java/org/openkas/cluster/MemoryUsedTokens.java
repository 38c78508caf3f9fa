package org.openkas.cluster;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.google.protobuf.ByteString;
import java.time.Duration;
import org.openkas.common.Timers;

/**
 * Tokens that were used on this server, for one without Redis: another server takes them once more. Never blocks. Forgets none
 * early: with {@value #MOST_TOKENS} of them it refuses further ones until some have expired.
 */
public final class MemoryUsedTokens implements UsedTokens {
    static final int MOST_TOKENS = 100_000;

    private final Cache<ByteString, Duration> used;

    /** None was used yet. */
    public MemoryUsedTokens(Timers timers) {
        used = Caffeine.newBuilder().ticker(timers::nanos).executor(Runnable::run)
                .expireAfter(Expiry.<ByteString, Duration>writing((id, ttl) -> ttl)).build();
    }

    @Override
    public boolean use(ByteString id, Duration ttl) {
        if (used.estimatedSize() >= MOST_TOKENS) {
            used.cleanUp();
            if (used.estimatedSize() >= MOST_TOKENS) {
                return false;
            }
        }
        return used.asMap().putIfAbsent(id, ttl) == null;
    }
}
