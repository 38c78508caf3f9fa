package org.openkas.cluster;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.Optional;
import org.openkas.common.Timers;
import org.openkas.proto.gitlab.ClientError;

/** Errors remembered by this server alone, for a server without Redis. Forgets early rather than grow without bound. */
public final class MemoryErrorCache implements ErrorCache {
    private static final int MOST_ENTRIES = 100_000;

    private final Cache<Key, Remembered> errors;

    private record Key(Lookup lookup, ByteString key) {
    }

    private record Remembered(ClientError error, Duration ttl) {
    }

    /** An empty cache. */
    public MemoryErrorCache(Timers timers) {
        errors = Caffeine.newBuilder().maximumSize(MOST_ENTRIES).ticker(timers::nanos).executor(Runnable::run)
                .expireAfter(Expiry.<Key, Remembered>writing((key, remembered) -> remembered.ttl())).build();
    }

    @Override
    public Optional<ClientError> find(Lookup lookup, ByteString key) {
        return Optional.ofNullable(errors.getIfPresent(new Key(lookup, key))).map(Remembered::error);
    }

    @Override
    public void remember(Lookup lookup, ByteString key, ClientError error, Duration ttl) {
        errors.put(new Key(lookup, key), new Remembered(error, ttl));
    }
}
