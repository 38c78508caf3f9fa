package org.openkas.cluster;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.lettuce.core.MapScanCursor;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.ScanCursor;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.openkas.common.Timers;
import org.openkas.proto.redistool.ExpiringValue;

/**
 * Hashes whose fields expire one by one, by the clocks of those who write and read them (chapter 04 §7.3). Thread-safe.
 */
final class ExpiringHashes {
    /** How many hashes one transaction writes, and how many are asked for at once. */
    private static final int BATCH = 500;
    private static final int COLLECT_ATTEMPTS = 2;

    private final RedisLink link;
    private final Timers timers;
    private final Duration ttl;
    private final Consumer<Exception> unreadable;

    /**
     * What is to be written: values by field by key of the hash.
     */
    static final class Batch {
        private final Map<ByteString, Map<ByteString, ExpiringValue>> values = new LinkedHashMap<>();

        void add(ByteString key, ByteString field, ExpiringValue value) {
            values.computeIfAbsent(key, ignored -> new HashMap<>()).put(field, value);
        }
    }

    /** @param ttl how long a hash outlives its last write */
    ExpiringHashes(RedisLink link, Timers timers, Duration ttl, Consumer<Exception> unreadable) {
        this.link = link;
        this.timers = timers;
        this.ttl = ttl;
        this.unreadable = unreadable;
    }

    /** Now, in the unit of these hashes. */
    long seconds() {
        return timers.now().getEpochSecond();
    }

    /** When a value expires that is written now. */
    long expiry() {
        return timers.now().plus(ttl).getEpochSecond();
    }

    /** Sends the values, a few transactions for many hashes; does not wait. Later writes of the same caller come later. */
    List<CompletionStage<Void>> set(Batch batch) {
        List<CompletionStage<Void>> sent = new ArrayList<>();
        List<Map.Entry<ByteString, Map<ByteString, ExpiringValue>>> all = List.copyOf(batch.values.entrySet());
        for (int from = 0; from < all.size(); from += BATCH) {
            List<Map.Entry<ByteString, Map<ByteString, ExpiringValue>>> part = all.subList(from, Math.min(all.size(), from + BATCH));
            sent.add(link.send(session -> session.transaction(commands -> writes(commands, part))));
        }
        return sent;
    }

    private List<RedisFuture<?>> writes(RedisAsyncCommands<byte[], byte[]> commands,
            List<Map.Entry<ByteString, Map<ByteString, ExpiringValue>>> hashes) {
        List<RedisFuture<?>> writes = new ArrayList<>();
        for (Map.Entry<ByteString, Map<ByteString, ExpiringValue>> hash : hashes) {
            byte[] key = hash.getKey().toByteArray();
            IdentityHashMap<byte[], byte[]> fields = new IdentityHashMap<>(); // arrays have no other equality
            hash.getValue().forEach((field, value) -> fields.put(field.toByteArray(), value.toByteArray()));
            writes.add(commands.hset(key, fields));
            writes.add(commands.pexpire(key, ttl.toMillis()));
        }
        return writes;
    }

    /** Removes a field; does not wait. */
    CompletionStage<Long> unset(ByteString key, ByteString field) {
        return link.send(session -> session.write(commands -> commands.hdel(key.toByteArray(), field.toByteArray())));
    }

    /** Waits for all of them; fails as the first one did that failed. */
    void await(List<? extends CompletionStage<?>> sent) throws RedisFailure {
        List<RedisFailure> failures = new ArrayList<>();
        for (CompletionStage<?> one : sent) {
            try {
                link.await(one);
            } catch (RedisFailure e) {
                failures.add(e);
            }
        }
        if (!failures.isEmpty()) {
            throw failures.getFirst();
        }
    }

    /** The fields that have not expired; those that have are removed by the way. */
    Map<ByteString, ByteString> read(ByteString key) throws RedisFailure {
        return read(List.of(key)).getFirst();
    }

    /** The same of several hashes, in their order. */
    List<Map<ByteString, ByteString>> read(List<ByteString> keys) throws RedisFailure {
        List<Map<ByteString, ByteString>> found = new ArrayList<>();
        for (int from = 0; from < keys.size(); from += BATCH) {
            List<ByteString> part = keys.subList(from, Math.min(keys.size(), from + BATCH));
            List<CompletionStage<MapScanCursor<byte[], byte[]>>> begun = part.stream()
                    .map(key -> link.send(session -> session.command(commands -> commands.hscan(key.toByteArray())))).toList();
            for (int i = 0; i < part.size(); i++) {
                found.add(rest(part.get(i), link.await(begun.get(i))));
            }
        }
        return found;
    }

    private Map<ByteString, ByteString> rest(ByteString key, MapScanCursor<byte[], byte[]> first) throws RedisFailure {
        Map<ByteString, ByteString> live = new LinkedHashMap<>();
        List<byte[]> expired = new ArrayList<>();
        MapScanCursor<byte[], byte[]> page = first;
        sort(page, live, expired);
        while (!page.isFinished()) {
            ScanCursor next = ScanCursor.of(page.getCursor());
            page = link.ask(session -> session.command(commands -> commands.hscan(key.toByteArray(), next)));
            sort(page, live, expired);
        }
        if (!expired.isEmpty()) {
            // nobody waits for it, and what was read is good even if it fails
            CompletionStage<Long> _ = link
                    .send(session -> session.write(commands -> commands.hdel(key.toByteArray(), expired.toArray(byte[][]::new))));
        }
        return live;
    }

    private void sort(MapScanCursor<byte[], byte[]> page, Map<ByteString, ByteString> live, List<byte[]> expired) {
        long now = seconds();
        page.getMap().forEach((field, bytes) -> {
            try {
                ExpiringValue value = ExpiringValue.parseFrom(bytes);
                if (value.getExpiresAt() < now) {
                    expired.add(field);
                } else {
                    live.put(ByteString.copyFrom(field), value.getValue());
                }
            } catch (InvalidProtocolBufferException e) {
                unreadable.accept(e);
            }
        });
    }

    /** How many fields a hash has, expired ones included. */
    long length(ByteString key) throws RedisFailure {
        return link.ask(session -> session.command(commands -> commands.hlen(key.toByteArray())));
    }

    /**
     * Removes what has expired from these hashes, unless somebody else writes to them at the same time. Blocks, for a few round
     * trips for each hash.
     *
     * @return how many fields were removed
     * @throws RedisFailure if Redis fails; what was removed before stays removed
     * @throws InterruptedException if the thread was interrupted
     */
    long collect(List<ByteString> keys) throws RedisFailure, InterruptedException {
        if (keys.isEmpty()) {
            return 0;
        }
        RedisSession session = link.ask(CompletableFuture::completedFuture);
        // a watch holds for a whole connection
        try (StatefulRedisConnection<byte[], byte[]> own = link.dialer().beside(session)) {
            long removed = 0;
            for (ByteString key : keys) {
                removed += collect(own.async(), key.toByteArray());
                if (Thread.interrupted()) {
                    throw new InterruptedException("interrupted between two hashes");
                }
            }
            return removed;
        }
    }

    private long collect(RedisAsyncCommands<byte[], byte[]> commands, byte[] key) throws RedisFailure {
        for (int attempt = 0; attempt < COLLECT_ATTEMPTS; attempt++) {
            link.await(commands.watch(key));
            List<byte[]> expired = new ArrayList<>();
            MapScanCursor<byte[], byte[]> page = link.await(commands.hscan(key));
            sort(page, new HashMap<>(), expired);
            while (!page.isFinished()) {
                page = link.await(commands.hscan(key, ScanCursor.of(page.getCursor())));
                sort(page, new HashMap<>(), expired);
            }
            if (expired.isEmpty()) {
                link.await(commands.unwatch());
                return 0;
            }
            RedisFuture<String> _ = commands.multi();
            RedisFuture<Long> removed = commands.hdel(key, expired.toArray(byte[][]::new));
            if (!link.await(commands.exec()).wasDiscarded()) {
                return link.await(removed);
            }
        }
        return 0;
    }
}
