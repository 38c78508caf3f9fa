package org.openkas.repository;

import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The ref that a stream watches at present, wherever it is now. Thread-safe, but {@link #follow} and {@link #close} are called by
 * one thread at a time.
 */
public final class FollowedRef {
    private final RefWatches watches;
    private final Runnable wake;
    private final Consumer<RepositoryException> passing;
    private volatile @Nullable WatchedRef watched;

    /** As {@link WatchedRef#WatchedRef}; nothing is watched yet. */
    public FollowedRef(RefWatches watches, Runnable wake, Consumer<RepositoryException> passing) {
        this.watches = watches;
        this.wake = wake;
        this.passing = passing;
    }

    /** What is watched now, if anything is. */
    public @Nullable WatchedRef current() {
        return watched;
    }

    /** The latest news of it that nobody has dealt with. */
    public WatchedRef.@Nullable News news() {
        WatchedRef ref = watched;
        return ref == null ? null : ref.news();
    }

    /** Watches this, and nothing else any more. */
    public WatchedRef follow(WatchedRef.Target target) {
        WatchedRef ref = watched;
        if (ref == null || !ref.target().equals(target)) {
            close();
            ref = new WatchedRef(target, wake, passing);
            watched = ref;
            ref.open(watches);
        }
        return ref;
    }

    /** As {@link WatchedRef#poke}, of what is watched now. */
    public void poke(Set<WatchedRef.Target> poked) {
        WatchedRef ref = watched;
        if (ref != null) {
            ref.poke(poked);
        }
    }

    /** Watches nothing any more. */
    public void close() {
        WatchedRef ref = watched;
        watched = null;
        if (ref != null) {
            ref.close();
        }
    }
}
