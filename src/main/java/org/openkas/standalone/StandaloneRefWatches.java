package org.openkas.standalone;

import org.openkas.repository.RefWatches;
import org.openkas.repository.Repository;

/** Watches repositories on this machine closely, and others at the usual pace. Thread-safe if both watches are. */
public final class StandaloneRefWatches implements RefWatches {
    private final RefWatches near;
    private final RefWatches far;

    /** {@code near} polls often, {@code far} with the configured period. */
    public StandaloneRefWatches(RefWatches near, RefWatches far) {
        this.near = near;
        this.far = far;
    }

    @Override
    public Watch watch(Repository repository, String ref, Listener listener) {
        boolean here = repository.gitaly().getAddress().startsWith(StandaloneAgent.SCHEME + ":/");
        return (here ? near : far).watch(repository, ref, listener);
    }
}
