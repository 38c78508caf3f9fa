package org.openkas.app;

import java.time.Duration;
import java.util.List;

/** How one part of the server ends in good order (chapter 05 §10). Used by one thread. */
interface Drain {
    /**
     * Blocks until the last call ended; what still runs after {@code limit} is cut off.
     *
     * @throws InterruptedException if the thread is interrupted; the part has ended then
     */
    void within(Duration limit) throws InterruptedException;

    /** As {@link #within}; leaves the thread interrupted if it was. */
    default void uninterrupted(Duration limit) {
        try {
            within(limit);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Ends all of them at the same time, each on a thread of its own. Blocks until the last one ended.
     *
     * @throws InterruptedException if the thread is interrupted; the others go on then
     */
    static void allAtOnce(List<Drain> drains, Duration limit) throws InterruptedException {
        List<Thread> threads = drains.stream().map(drain -> Thread.ofVirtual().start(() -> drain.uninterrupted(limit))).toList();
        for (Thread thread : threads) {
            thread.join();
        }
    }
}
