package org.openkas.repository;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.openkas.common.Timers;
import org.openkas.proto.entity.GitalyRepository;
import org.openkas.repository.RepositoryException.Code;

/**
 * Files at commits, which never change and are therefore read once, however many callers want them at the same time or
 * later. Keeps the most useful ones within a bound of bytes. That a commit lacks a file is remembered for a minute; other
 * failures are told to those who waited and forgotten. Thread-safe.
 */
public final class CachedFiles {
    private static final Duration ABSENCE = Duration.ofMinutes(1);
    private static final long ENTRY_COST = 512;

    private record Key(String address, GitalyRepository repository, String commit, String path, long maximumSize) {
    }

    private sealed interface Known {
        record Content(ByteString bytes) implements Known {
        }

        record Absent() implements Known {
        }
    }

    /** A read that is under way; counts who waits for it, under its own lock. */
    private static final class Load {
        final CompletableFuture<Known> result = new CompletableFuture<>();
        Future<?> task = CompletableFuture.completedFuture(null);
        int waiting;
    }

    private final RepositoryReader reader;
    private final ExecutorService executor;
    private final Cache<Key, Known> known;
    private final Map<Key, Load> loads = new ConcurrentHashMap<>();

    /**
     * Reads through a reader.
     *
     * @param bytes how much to keep
     * @param executor runs each read at once on a thread of its own
     */
    public CachedFiles(RepositoryReader reader, long bytes, Timers timers, ExecutorService executor) {
        this.reader = reader;
        this.executor = executor;
        known = Caffeine.newBuilder().maximumWeight(bytes).<Key, Known>weigher(CachedFiles::cost).ticker(timers::nanos)
                .executor(Runnable::run).expireAfter(Expiry.<Key, Known>creating(
                        (key, value) -> value instanceof Known.Absent ? ABSENCE : Duration.ofNanos(Long.MAX_VALUE)))
                .build();
    }

    private static int cost(Key key, Known value) {
        long content = value instanceof Known.Content(ByteString bytes) ? bytes.size() : 0;
        return (int) Math.min(Integer.MAX_VALUE, ENTRY_COST + content);
    }

    /**
     * The content of a file; waits while somebody reads it.
     *
     * @param maximumSize in bytes; 0 for no limit
     * @throws RepositoryException as {@link RepositoryReader#read}; callers that waited for the same read get the same one
     */
    public ByteString file(Repository repository, String commit, String path, long maximumSize)
            throws RepositoryException, InterruptedException {
        Key key = new Key(repository.gitaly().getAddress(), repository.repository(), commit, path, maximumSize);
        Known value = known.getIfPresent(key);
        return switch (value == null ? load(key, repository) : value) {
            case Known.Content(ByteString bytes) -> bytes;
            case Known.Absent() -> throw RepositoryException.notFound("TreeEntry.Recv", path);
        };
    }

    private Known load(Key key, Repository repository) throws RepositoryException, InterruptedException {
        Load load = loads.compute(key, (ignored, present) -> {
            Load joined = present == null ? begin(key, repository) : present;
            joined.waiting++;
            return joined;
        });
        try {
            return load.result.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RepositoryException failure) {
                throw failure;
            }
            throw new RepositoryException(Code.UNKNOWN, "reading " + key.path() + " failed: " + e.getCause(), e);
        } finally {
            loads.computeIfPresent(key, (ignored, present) -> present == load ? left(load) : present);
        }
    }

    private @Nullable Load left(Load load) {
        load.waiting--;
        if (load.waiting > 0) {
            return load;
        }
        // nobody waits any more
        load.task.cancel(true);
        return null;
    }

    private Load begin(Key key, Repository repository) {
        Load load = new Load();
        // a load that ended just now wrote down what it read before it was forgotten
        Known value = known.getIfPresent(key);
        if (value != null) {
            load.result.complete(value);
            return load;
        }
        load.task = executor.submit(() -> {
            try {
                ByteString.Output content = ByteString.newOutput();
                reader.read(repository, key.commit(), key.path(), key.maximumSize(), chunk -> append(content, chunk));
                finish(key, load, new Known.Content(content.toByteString()));
            } catch (RepositoryException e) {
                if (e.code() == Code.NOT_FOUND) {
                    finish(key, load, new Known.Absent());
                } else {
                    fail(key, load, e);
                }
            } catch (InterruptedException | RuntimeException e) {
                fail(key, load, e);
            }
        });
        return load;
    }

    private static void append(ByteString.Output to, ByteString chunk) {
        try {
            chunk.writeTo(to);
        } catch (IOException e) {
            throw new IllegalStateException("memory cannot fail to be written", e);
        }
    }

    private void finish(Key key, Load load, Known value) {
        known.put(key, value);
        loads.remove(key, load);
        load.result.complete(value);
    }

    private void fail(Key key, Load load, Exception failure) {
        loads.remove(key, load);
        load.result.completeExceptionally(failure);
    }
}
