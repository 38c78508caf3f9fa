package org.openkas.repository;

import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A ref that a stream watches, and the latest news of it. Failures that may pass are told at once; the poller goes on by
 * itself. Thread-safe, but opened and closed by one thread at a time.
 */
public final class WatchedRef implements RefWatches.Listener {
    private final Target target;
    private final Runnable wake;
    private final Consumer<RepositoryException> passing;
    private final AtomicReference<@Nullable News> news = new AtomicReference<>();
    private volatile RefWatches.@Nullable Watch hold;

    /** What is watched: equal targets share a poller. */
    public record Target(Repository repository, String ref) {
    }

    /** What the poller told. */
    public sealed interface News {
    }

    /** The ref resolves. */
    public record Seen(Resolution resolution) implements News {
    }

    /** There is no such ref. */
    public record Gone(RepositoryException failure) implements News {
    }

    /**
     * A ref not yet watched.
     *
     * @param wake called when there is news
     * @param passing called with failures that may pass
     */
    public WatchedRef(Target target, Runnable wake, Consumer<RepositoryException> passing) {
        this.target = target;
        this.wake = wake;
        this.passing = passing;
    }

    /** What is watched. */
    public Target target() {
        return target;
    }

    /** Begins to watch. */
    public void open(RefWatches watches) {
        hold = watches.watch(target.repository(), target.ref(), this);
    }

    /** Ends the watch; without effect if it was not opened. */
    public void close() {
        RefWatches.Watch closing = hold;
        // first, so that who poked this hold in vain notices
        hold = null;
        if (closing != null) {
            closing.close();
        }
    }

    /** The latest news that nobody has dealt with. */
    public @Nullable News news() {
        return news.get();
    }

    /** The news has been dealt with. */
    public void dealtWith(News old) {
        news.compareAndSet(old, null);
    }

    /** Polls soon unless the set says that the target's poller was told already; notes in the set that it was. */
    public void poke(Set<Target> poked) {
        RefWatches.Watch poking = hold;
        if (poking != null && poked.add(target)) {
            poking.poke();
            if (hold == null) {
                poked.remove(target);
            }
        }
    }

    @Override
    public void resolved(Resolution resolution) {
        news.set(new Seen(resolution));
        wake.run();
    }

    @Override
    public void failed(RepositoryException failure) {
        if (failure.code() == RepositoryException.Code.NOT_FOUND) {
            news.set(new Gone(failure));
            wake.run();
        } else {
            passing.accept(failure);
        }
    }
}
