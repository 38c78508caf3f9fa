package org.openkas.cluster;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.lettuce.core.SetArgs;
import java.time.Duration;
import java.util.Optional;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.proto.gitlab.ClientError;

/**
 * Errors remembered in Redis, for all servers (chapter 02 §4.3). While Redis fails, this server remembers for itself. Calls block
 * for {@code redis.write_timeout} at most. Thread-safe.
 */
final class RedisErrorCache implements ErrorCache {
    private final RedisLink link;
    private final RedisKeys keys;
    private final ErrorCache own;
    private final Log log;

    RedisErrorCache(RedisLink link, RedisKeys keys, Timers timers, Log log) {
        this.link = link;
        this.keys = keys;
        own = new MemoryErrorCache(timers);
        this.log = log;
    }

    @Override
    public Optional<ClientError> find(Lookup lookup, ByteString key) {
        Optional<byte[]> found;
        try {
            found = Optional
                    .ofNullable(
                            link.<byte[]>ask(session -> session.command(commands -> commands.get(keys.error(lookup, key).toByteArray()))));
        } catch (RedisFailure e) {
            report(e, "Failed to get cached error from Redis");
            return own.find(lookup, key);
        }
        return found.filter(bytes -> bytes.length > 0).flatMap(this::parse);
    }

    private Optional<ClientError> parse(byte[] bytes) {
        try {
            return Optional.of(Any.parseFrom(bytes).unpack(ClientError.class));
        } catch (InvalidProtocolBufferException e) {
            log.withError(e).error("Failed to unmarshal cached error");
            return Optional.empty();
        }
    }

    @Override
    public void remember(Lookup lookup, ByteString key, ClientError error, Duration ttl) {
        byte[] value = Any.pack(error).toByteArray();
        SetArgs expiry = SetArgs.Builder.px(Math.max(1, ttl.toMillis()));
        try {
            link.ask(session -> session.command(commands -> commands.set(keys.error(lookup, key).toByteArray(), value, expiry)));
        } catch (RedisFailure e) {
            report(e, "Failed to cache error in Redis");
            own.remember(lookup, key, error, ttl);
        }
    }

    /** Somebody who left while Redis was asked is no failure of Redis. */
    private void report(RedisFailure failure, String message) {
        if (!failure.isAbandoned()) {
            log.withError(failure).error(message);
        }
    }
}
