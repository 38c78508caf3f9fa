package org.openkas.app;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.openkas.common.Timers;

/**
 * Gives memory back that a burst left behind. The serial collector works only when memory is asked for: after thousands of
 * agents have gone, or after the start, nobody asks, and the heap keeps its size. So when no collection ran for a while and
 * the heap holds much more than it did after the last collection of this class, one is asked for. Large heaps are left
 * alone, because their collection would be felt. Only for the process that {@code bin/openkas} started: in an operator's own
 * Liberty the heap is the operator's.
 */
final class IdleHeap implements AutoCloseable {
    private static final Duration LOOK = Duration.ofSeconds(5);
    private static final long WORTH = 24L << 20;
    private static final long TOO_LARGE = 768L << 20;

    private final Timers timers;
    private final LongSupplier used;
    private final LongSupplier collections;
    private final Runnable collect;
    private long lastCollections = -1;
    private long kept;
    private Timers.Cancellable next = () -> {
    };
    private boolean closed;

    /**
     * Looks every 5 s from now on.
     *
     * @param used bytes of the heap in use, garbage included
     * @param collections how many collections there have been
     * @param collect runs one
     */
    IdleHeap(Timers timers, LongSupplier used, LongSupplier collections, Runnable collect) {
        this.timers = timers;
        this.used = used;
        this.collections = collections;
        this.collect = collect;
        lookLater();
    }

    /** Over the heap of this JVM. */
    static IdleHeap ofThisProcess(Timers timers) {
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        return new IdleHeap(timers, () -> memory.getHeapMemoryUsage().getUsed(),
                () -> ManagementFactory.getGarbageCollectorMXBeans().stream()
                        .mapToLong(GarbageCollectorMXBean::getCollectionCount).sum(),
                System::gc);
    }

    private synchronized void lookLater() {
        if (!closed) {
            next = timers.after(LOOK, this::look);
        }
    }

    private void look() {
        long now = used.getAsLong();
        long count = collections.getAsLong();
        boolean quiet = count == lastCollections;
        lastCollections = count;
        if (quiet && now < TOO_LARGE && now - kept > WORTH) {
            collect.run();
            kept = used.getAsLong();
            lastCollections = collections.getAsLong();
        }
        lookLater();
    }

    @Override
    public synchronized void close() {
        closed = true;
        next.cancel();
    }
}
