package org.openkas.cluster;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openkas.common.AgentToken;
import org.openkas.common.Log;
import org.openkas.common.SparseReport;
import org.openkas.common.Timers;

/**
 * Counts the calls of each token in Redis, together with all other servers (chapter 04 §7.6). While Redis is lost, says no or
 * is slow, this server counts for itself, with the same limit. Thread-safe.
 */
final class RedisTokenLimiter implements TokenLimiter {
    /** How long a call may wait for its count. */
    static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final int LIFE_SECONDS = 59;

    private final RedisLink link;
    private final RedisKeys keys;
    private final Timers timers;
    private final long limit;
    private final Duration patience;
    private final TokenLimiter own;
    private final SparseReport reports;
    private final Log log;

    RedisTokenLimiter(RedisLink link, RedisKeys keys, Timers timers, long limit, Duration patience, Log log) {
        this.link = link;
        this.keys = keys;
        this.timers = timers;
        this.limit = limit;
        this.patience = patience;
        own = new MemoryTokenLimiter(timers, limit, log);
        reports = new SparseReport(timers, log);
        this.log = log;
    }

    @Override
    public CompletionStage<Boolean> allow(AgentToken token) {
        ByteString key = keys.calls(token, timers.now().atOffset(ZoneOffset.UTC).getMinute());
        CompletableFuture<Boolean> shared = count(key).thenCompose(count -> count < limit ? add(key) : refuse(key, count))
                .toCompletableFuture();
        // a copy, so that the time limit does not end what others wait for
        return shared.copy().orTimeout(patience.toMillis(), TimeUnit.MILLISECONDS).handle((allowed, failure) -> {
            if (failure == null) {
                return CompletableFuture.completedFuture(allowed);
            }
            report(failure);
            return own.allow(token);
        }).thenCompose(decision -> decision);
    }

    private CompletionStage<Long> count(ByteString key) {
        return link.<byte[]>send(session -> session.command(commands -> commands.get(key.toByteArray()))).handle((value, failure) -> {
            if (failure != null) {
                throw new Uncounted("redistool.TokenLimiter: error retrieving minute bucket count", failure);
            }
            return number(value);
        });
    }

    private static long number(byte @Nullable [] value) {
        try {
            return value == null ? 0 : Long.parseLong(new String(value, StandardCharsets.US_ASCII));
        } catch (NumberFormatException e) {
            throw new Uncounted("redistool.TokenLimiter: error retrieving minute bucket count", e);
        }
    }

    private CompletionStage<Boolean> add(ByteString key) {
        byte[] name = key.toByteArray();
        return link.send(session -> session.transaction(commands -> List.of(commands.incr(name), commands.expire(name, LIFE_SECONDS))))
                .handle((done, failure) -> {
                    if (failure != null) {
                        throw new Uncounted("redistool.TokenLimiter: error while incrementing token key count", failure);
                    }
                    return true;
                });
    }

    private CompletionStage<Boolean> refuse(ByteString key, long count) {
        if (log.debugEnabled()) {
            log.with("redis_key", Base64.getEncoder().encodeToString(key.toByteArray())).with("count", count).with("token_limit", limit)
                    .debug("redistool.TokenLimiter: rate limit exceeded");
        }
        return CompletableFuture.completedFuture(false);
    }

    /** That Redis is lost was said already. */
    private void report(Throwable failure) {
        if (!(failure instanceof Uncounted uncounted)) {
            reports.error("redistool.TokenLimiter: error retrieving minute bucket count", RedisFailure.late(failure));
        } else if (uncounted.tellsMore()) {
            reports.error(uncounted.text, uncounted.why());
        }
    }

    /** A count that could not be had. */
    private static final class Uncounted extends CompletionException {
        private static final long serialVersionUID = 1L;

        private final String text;

        private Uncounted(String text, Throwable cause) {
            super(cause);
            this.text = text;
        }

        private Throwable why() {
            Throwable cause = getCause();
            return cause instanceof CompletionException && cause.getCause() != null ? cause.getCause() : cause == null ? this : cause;
        }

        private boolean tellsMore() {
            return !(why() instanceof RedisFailure failure) || failure.answered();
        }
    }
}
