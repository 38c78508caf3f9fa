package org.openkas.repository;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.openkas.common.Timers;
import org.openkas.proto.entity.GitalyRepository;

/**
 * Lets callers that want the same share it: listings and small files are read once, however many want them at the same time
 * or minutes later, within a bound of bytes; a file that is the same at the next commit is not read again either. A large
 * file is read by each for himself, since nobody should hold more of a file in memory than the piece that he is at. What is
 * not named by a full id may change, and is never shared. Thread-safe.
 */
public final class SharedReader implements RepositoryReader {
    /** Of files that are shared, in bytes. */
    static final int SMALL = 64 * 1024;

    private static final Duration USEFUL = Duration.ofMinutes(10);
    private static final int ENTRY_COST = 512;
    private static final int BLOB_COST = 160;
    /** Paths with such a component may be listed, but nothing is read under them. */
    private static final Pattern ODD_COMPONENT = Pattern.compile("(?:^|/)\\.{0,2}(?:/|$)");
    private static final Pattern FULL_ID = Pattern.compile("[0-9a-f]{40}|[0-9a-f]{64}");

    private final RepositoryReader reader;
    private final int longestListing;
    private final Cache<Key, Known> known;
    private final Map<Key, SharedRead<Known>> running = new ConcurrentHashMap<>();

    private sealed interface What {
        record Listing(String directory, boolean recursive) implements What {
        }

        /** Of a commit. */
        record File(String path) implements What {
        }

        /** Wherever it is in the repository. */
        record Content(String object) implements What {
        }
    }

    private record Key(String address, GitalyRepository repository, String revision, What what) {
    }

    private sealed interface Known {
        /** {@code whole}: there are no more than these. */
        record Blobs(List<TreeBlob> blobs, boolean whole) implements Known {
        }

        record Small(List<ByteString> chunks, int size) implements Known {
        }

        /** Each reads the file for himself. */
        record Large() implements Known {
        }
    }

    /**
     * Shares the reads of a reader.
     *
     * @param longestListing of how many files a listing is shared; who visits more of them lists the rest for himself
     * @param bytes how much to keep
     */
    public SharedReader(RepositoryReader reader, int longestListing, long bytes, Timers timers) {
        this.reader = reader;
        this.longestListing = longestListing;
        known = Caffeine.newBuilder().maximumWeight(bytes).<Key, Known>weigher((_, value) -> cost(value)).expireAfterAccess(USEFUL)
                .ticker(timers::nanos).executor(Runnable::run).build();
    }

    private static int cost(Known value) {
        return ENTRY_COST + switch (value) {
            case Known.Small(var _, int size) -> size;
            case Known.Blobs(List<TreeBlob> blobs, var _) -> blobs.stream().mapToInt(blob -> BLOB_COST + blob.path().length()).sum();
            case Known.Large() -> 0;
        };
    }

    @Override
    public Resolution resolve(Repository repository, String ref) throws RepositoryException, InterruptedException {
        return reader.resolve(repository, ref);
    }

    @Override
    public void read(Repository repository, String revision, String path, long maximumSize, Chunks chunks)
            throws RepositoryException, InterruptedException {
        read(repository, new TreeBlob(path, revision), maximumSize, chunks);
    }

    @Override
    public void read(Repository repository, TreeBlob blob, long maximumSize, Chunks chunks)
            throws RepositoryException, InterruptedException {
        Known content = new Known.Large();
        Optional<Key> key = contentKey(repository, blob);
        if (key.isPresent()) {
            Answer answer = ask(key.get(), read -> lead(key.get(), read, repository, blob, maximumSize, chunks));
            if (answer.delivered()) {
                return;
            }
            content = answer.known();
        }
        if (content instanceof Known.Small(List<ByteString> pieces, int size) && (maximumSize == 0 || size <= maximumSize)) {
            for (ByteString piece : pieces) {
                chunks.accept(piece);
            }
        } else {
            reader.read(repository, blob, maximumSize, chunks);
        }
    }

    private static Optional<Key> contentKey(Repository repository, TreeBlob blob) {
        if (FULL_ID.matcher(blob.object()).matches() && !ODD_COMPONENT.matcher(blob.path()).find()) {
            return Optional.of(key(repository, "", new What.Content(blob.object())));
        }
        return FULL_ID.matcher(blob.revision()).matches()
                ? Optional.of(key(repository, blob.revision(), new What.File(blob.path())))
                : Optional.empty();
    }

    @Override
    public void walk(Repository repository, String revision, String directory, boolean recursive, Visitor visitor)
            throws RepositoryException, InterruptedException {
        if (!FULL_ID.matcher(revision).matches()) {
            reader.walk(repository, revision, directory, recursive, visitor);
            return;
        }
        Key key = key(repository, revision, new What.Listing(directory, recursive));
        Answer answer = ask(key, read -> list(key, read, repository, visitor));
        if (answer.known() instanceof Known.Blobs listing && visit(listing.blobs(), visitor) && !listing.whole()) {
            int[] skipped = {0};
            reader.walk(repository, revision, directory, recursive,
                    blob -> skipped[0]++ < listing.blobs().size() || visitor.visit(blob));
        }
    }

    private static boolean visit(List<TreeBlob> blobs, Visitor visitor) throws RepositoryException, InterruptedException {
        for (TreeBlob blob : blobs) {
            if (!visitor.visit(blob)) {
                return false;
            }
        }
        return true;
    }

    private static Key key(Repository repository, String revision, What what) {
        return new Key(repository.gitaly().getAddress(), repository.repository(), revision, what);
    }

    /** What is known; {@code delivered} if the caller read it himself and has it already. */
    private record Answer(Known known, boolean delivered) {
    }

    /** Reads on behalf of all. */
    @FunctionalInterface
    private interface Leader {
        Answer lead(SharedRead<Known> read) throws RepositoryException, InterruptedException;
    }

    /** Answers from memory, by joining whoever is reading, or by reading. */
    private Answer ask(Key key, Leader leader) throws RepositoryException, InterruptedException {
        while (true) {
            Known remembered = known.getIfPresent(key);
            if (remembered != null) {
                return new Answer(remembered, false);
            }
            SharedRead<Known> own = new SharedRead<>();
            SharedRead<Known> present = running.putIfAbsent(key, own);
            if (present == null) {
                try {
                    // somebody may have finished since the look above
                    Known finished = known.getIfPresent(key);
                    return finished == null ? leader.lead(own) : new Answer(finished, false);
                } catch (RepositoryException e) {
                    own.failed(e);
                    throw e;
                } finally {
                    running.remove(key, own);
                    own.givenUp();
                }
            }
            Known joined = present.await().orElse(null);
            if (joined != null) {
                return new Answer(joined, false);
            }
        }
    }

    private void finish(Key key, SharedRead<Known> read, Known value) {
        known.put(key, value);
        running.remove(key, read);
        read.finished(value);
    }

    private Answer list(Key key, SharedRead<Known> read, Repository repository, Visitor visitor)
            throws RepositoryException, InterruptedException {
        What.Listing what = (What.Listing) key.what();
        List<TreeBlob> blobs = new ArrayList<>();
        try {
            reader.walk(repository, key.revision(), what.directory(), what.recursive(), blob -> {
                blobs.add(blob.revision().equals(key.revision()) ? new TreeBlob(blob.path(), key.revision(), blob.object()) : blob);
                return blobs.size() < longestListing;
            });
        } catch (RepositoryException e) {
            running.remove(key, read);
            read.failed(e);
            // what came before the failure was there, but nobody else should wait until this caller has taken it
            visit(blobs, visitor);
            throw e;
        }
        Known.Blobs listing = new Known.Blobs(List.copyOf(blobs), blobs.size() < longestListing);
        if (blobs.isEmpty()) {
            // Gitaly before 16.3 says so too of what is not there yet
            read.finished(listing);
        } else {
            finish(key, read, listing);
        }
        return new Answer(listing, false);
    }

    private Answer lead(Key key, SharedRead<Known> read, Repository repository, TreeBlob blob, long maximumSize, Chunks chunks)
            throws RepositoryException, InterruptedException {
        FileBeginning beginning = new FileBeginning(SMALL, chunks, () -> finish(key, read, new Known.Large()));
        try {
            reader.read(repository, blob, maximumSize, beginning);
        } catch (RepositoryException e) {
            // the failure names this caller's path and limit; others have their own
            read.finished(new Known.Large());
            throw e;
        }
        if (beginning.isLarge()) {
            return new Answer(new Known.Large(), true);
        }
        Known.Small small = new Known.Small(List.copyOf(beginning.held()), beginning.size());
        if (key.what() instanceof What.Content(String object) && !ObjectName.fits(object, small.chunks(), small.size())) {
            // others who want this name may mean other content, and each of them reads for himself
            read.finished(new Known.Large());
        } else {
            finish(key, read, small);
        }
        return new Answer(small, false);
    }
}
