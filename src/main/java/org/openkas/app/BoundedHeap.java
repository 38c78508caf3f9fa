package org.openkas.app;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.time.Duration;
import java.util.Optional;
import org.openkas.common.Timers;

/**
 * Keeps the heap near what is alive in it. The serial collector looks for dead objects among the old ones only when the heap
 * cannot grow any more, a quarter of the machine's memory by default; so a burst of thousands of agents would leave gigabytes
 * behind, and a steady load would get there in time. Collects when the old objects have doubled, or when nothing else ran for
 * a while and there is garbage worth it; and rests after each collection so long that they take a tenth of the time at most. Only
 * for the process that {@code bin/openkas} started: in an operator's own Liberty the heap is the operator's.
 */
final class BoundedHeap implements AutoCloseable {
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final int QUIET_LOOKS = 5;
    private static final long WORTH = 24L << 20;
    private static final long GROWTH = 128L << 20;
    private static final int REST = 10;

    /** The heap as its collector shows it. */
    interface Heap {
        /** Bytes in use, garbage included. */
        long used();

        /** Bytes of old objects, garbage included; 0 with a collector that looks for garbage among them by itself. */
        long old();

        /** How many collections there have been. */
        long collections();

        /** Runs a collection of everything. */
        void collect();
    }

    private final Timers timers;
    private final Heap heap;
    private long lastCollections = -1;
    private int quietLooks;
    private long keptUsed;
    private long keptOld;
    private long restUntil;
    private Timers.Cancellable next = () -> {
    };
    private boolean closed;

    /** Looks every second from now on. */
    BoundedHeap(Timers timers, Heap heap) {
        this.timers = timers;
        this.heap = heap;
        restUntil = timers.nanos();
        lookLater();
    }

    /** Over the heap of this JVM. */
    static BoundedHeap ofThisProcess(Timers timers) {
        return new BoundedHeap(timers, new ProcessHeap());
    }

    private synchronized void lookLater() {
        if (!closed) {
            next = timers.after(LOOK, this::look);
        }
    }

    private void look() {
        long count = heap.collections();
        quietLooks = count == lastCollections ? quietLooks + 1 : 0;
        lastCollections = count;
        if (timers.nanos() - restUntil >= 0 && (grown() || garbageLeft())) {
            long begin = timers.nanos();
            heap.collect();
            long end = timers.nanos();
            restUntil = end + REST * (end - begin);
            keptUsed = heap.used();
            keptOld = heap.old();
            lastCollections = heap.collections();
            quietLooks = 0;
        }
        lookLater();
    }

    private boolean grown() {
        return heap.old() - keptOld > Math.max(GROWTH, keptOld);
    }

    private boolean garbageLeft() {
        return quietLooks >= QUIET_LOOKS && heap.used() - keptUsed > WORTH;
    }

    @Override
    public synchronized void close() {
        closed = true;
        next.cancel();
    }

    private static final class ProcessHeap implements Heap {
        private static final String SERIAL_OLD = "Tenured Gen";

        private final Optional<MemoryPoolMXBean> serialOld = ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getName().equals(SERIAL_OLD)).findFirst();

        @Override
        public long used() {
            return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        }

        @Override
        public long old() {
            return serialOld.map(pool -> pool.getUsage().getUsed()).orElse(0L);
        }

        @Override
        public long collections() {
            return ManagementFactory.getGarbageCollectorMXBeans().stream().mapToLong(GarbageCollectorMXBean::getCollectionCount).sum();
        }

        @Override
        public void collect() {
            System.gc();
        }
    }
}
