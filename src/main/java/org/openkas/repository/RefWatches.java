package org.openkas.repository;

/**
 * Shared pollers: however many agents watch one ref of one repository, it is asked once a period, and at once when somebody
 * pushed. Thread-safe.
 */
public interface RefWatches {

    /**
     * Begins to watch. The listener is told the state of the ref as of a poll that began after this call or at most a second
     * before it, and from then on each change and each failure. While the ref cannot be resolved the poller backs off. Calls
     * to the listener may begin before this returns.
     */
    Watch watch(Repository repository, String ref, Listener listener);

    /** One listener's hold on a poller; the poller stops when its last hold is closed. */
    interface Watch extends AutoCloseable {
        /**
         * Polls soon, whatever the period: a poll begins after this call, at once or at most a second later if there was a
         * poke just before.
         */
        void poke();

        /**
         * Ends the watch; no call to the listener begins after this returned, while one that has begun may go on. May be
         * called by the listener, and with locks held that the listener takes.
         */
        @Override
        void close();
    }

    /** Told about a ref. Calls come one at a time, on threads that may block only briefly. */
    interface Listener {
        /** The ref resolves to this now; told once per change, and once at the beginning and after a failure. */
        void resolved(Resolution resolution);

        /**
         * A poll could not resolve the ref; the poller tries again later, also after {@code NOT_FOUND}. All listeners are told
         * the same exception.
         */
        void failed(RepositoryException failure);
    }
}
