package org.openkas.cluster;

import com.google.protobuf.ByteString;
import io.lettuce.core.SetArgs;
import java.time.Duration;
import java.util.Optional;
import org.openkas.common.Log;
import org.openkas.common.SparseReport;
import org.openkas.common.Timers;

/**
 * Tokens that were used on any server of a cluster, remembered in Redis (chapter 07 §8.2); there stands a digest of what a token
 * is known by, with no value. What was used on this server, the server knows itself as well: it refuses that without asking, and
 * while Redis fails it decides alone, so that a token serves once per server then. Calls block for {@code redis.write_timeout} at
 * most. Thread-safe.
 */
final class RedisUsedTokens implements UsedTokens {
    private static final byte[] NOTHING = new byte[0];

    private final RedisLink link;
    private final RedisKeys keys;
    private final UsedTokens own;
    private final SparseReport reports;

    RedisUsedTokens(RedisLink link, RedisKeys keys, Timers timers, Log log) {
        this.link = link;
        this.keys = keys;
        own = new MemoryUsedTokens(timers);
        reports = new SparseReport(timers, log);
    }

    @Override
    public boolean use(ByteString id, Duration ttl) {
        return own.use(id, ttl) && first(id, ttl);
    }

    private boolean first(ByteString id, Duration ttl) {
        byte[] key = keys.usedToken(id).toByteArray();
        SetArgs unlessThere = SetArgs.Builder.nx().px(Math.max(1, ttl.toMillis()));
        try {
            return Optional.ofNullable(link.<String>ask(session -> session.command(commands -> commands.set(key, NOTHING, unlessThere))))
                    .isPresent();
        } catch (RedisFailure e) {
            if (Thread.currentThread().isInterrupted()) {
                // whoever asked is gone
                return false;
            }
            reports.error("Failed to remember a used WebSocket token in Redis: until it works, such tokens serve once per server", e);
            return true;
        }
    }
}
