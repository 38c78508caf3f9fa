package org.openkas.cluster;

import com.google.protobuf.ByteString;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.common.Log;
import org.openkas.common.Timers;

/**
 * Counts the calls of each token at this one server, in windows of one UTC minute (chapter 01 §3.7). Tokens with the
 * same first half count together, as they do in shared state; tokens of different types of agents do not. Thread-safe.
 *
 * <p>
 * Memory is bounded: counts of a past minute are dropped, and one minute counts {@link #TOKENS} tokens at most. Only
 * somebody who invents tokens gets there; further tokens then pass uncounted until the minute is over, because turning
 * them away would lock out agents that had no part in it.
 */
public final class MemoryTokenLimiter implements TokenLimiter {
    /** How many different tokens one minute counts. */
    static final int TOKENS = 200_000;

    private record Key(AgentType type, ByteString token) {
        static Key of(AgentToken token) {
            return new Key(token.type(), ByteString.copyFrom(token.key()));
        }
    }

    private final Timers timers;
    private final long limit;
    private final int tokens;
    private final Log log;
    private Map<Key, Long> counts = new HashMap<>();
    private long minute;
    private boolean crowded;

    /** @param limit {@code agent.listen.connections_per_token_per_minute} */
    public MemoryTokenLimiter(Timers timers, long limit, Log log) {
        this(timers, limit, TOKENS, log);
    }

    MemoryTokenLimiter(Timers timers, long limit, int tokens, Log log) {
        this.timers = timers;
        this.limit = limit;
        this.tokens = tokens;
        this.log = log;
    }

    @Override
    public CompletionStage<Boolean> allow(AgentToken token) {
        return CompletableFuture.completedFuture(count(token));
    }

    private boolean count(AgentToken token) {
        Key key = Key.of(token);
        synchronized (this) {
            turn();
            long count = counts.getOrDefault(key, 0L);
            if (count < limit) {
                count(key, count);
                return true;
            }
        }
        log.with("count", limit).with("token_limit", limit).debug("redistool.TokenLimiter: rate limit exceeded");
        return false;
    }

    private void turn() {
        long now = Math.floorDiv(timers.now().getEpochSecond(), 60);
        if (now != minute) {
            minute = now;
            crowded = false;
            // a new map, because clearing a large one keeps its memory
            counts = new HashMap<>();
        }
    }

    private void count(Key key, long count) {
        if (count > 0 || counts.size() < tokens) {
            counts.put(key, count + 1);
        } else if (!crowded) {
            crowded = true;
            log.with("tokens", tokens).with("remedy", "find out who connects with invented tokens and block that address")
                    .warn("Too many different agent tokens in one minute, further ones pass uncounted");
        }
    }

    /** How many tokens are counted in the minute of the last call. */
    synchronized int counted() {
        return counts.size();
    }
}
