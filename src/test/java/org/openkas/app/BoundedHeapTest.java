package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.openkas.testkit.FakeTimers;

class BoundedHeapTest {
    private static final long MEBIBYTE = 1 << 20;

    private final FakeTimers timers = new FakeTimers();
    private final SimulatedHeap simulated = new SimulatedHeap();
    private final BoundedHeap heap = new BoundedHeap(timers, simulated);

    private final class SimulatedHeap implements BoundedHeap.Heap {
        private long used;
        private long old;
        private long alive = 40 * MEBIBYTE;
        private long collections;
        private int asked;
        private Duration pause = Duration.ZERO;

        @Override
        public long used() {
            return used;
        }

        @Override
        public long old() {
            return old;
        }

        @Override
        public long collections() {
            return collections;
        }

        @Override
        public void collect() {
            asked++;
            collections++;
            timers.advance(pause);
            used = alive;
            old = alive;
        }
    }

    private void busySeconds(int seconds, long promotedEach) {
        for (int second = 0; second < seconds; second++) {
            simulated.collections++;
            simulated.used += promotedEach;
            simulated.old += promotedEach;
            timers.advance(Duration.ofSeconds(1));
        }
    }

    @Test
    void garbageOfABurstIsCollectedOnceItIsQuiet() {
        simulated.used = 200 * MEBIBYTE;
        timers.advance(Duration.ofSeconds(10));
        assertThat(simulated.asked).isEqualTo(1);
        timers.advance(Duration.ofMinutes(10));
        assertThat(simulated.asked).as("nothing to gain any more").isEqualTo(1);
        simulated.used = 70 * MEBIBYTE;
        timers.advance(Duration.ofSeconds(5));
        assertThat(simulated.asked).isEqualTo(2);
    }

    @Test
    void aBusyHeapWhoseOldObjectsDoNotGrowCollectsByItself() {
        simulated.used = 200 * MEBIBYTE;
        busySeconds(60, 0);
        assertThat(simulated.asked).isZero();
    }

    @Test
    void aLargeHeapOfABurstIsGivenBackToo() {
        simulated.used = 4096 * MEBIBYTE;
        timers.advance(Duration.ofSeconds(10));
        assertThat(simulated.asked).isEqualTo(1);
    }

    @Test
    void underLoadOldObjectsDoubleAtMostBeforeTheyAreCollected() {
        simulated.alive = 400 * MEBIBYTE;
        simulated.old = simulated.alive;
        busySeconds(1, 0);
        assertThat(simulated.asked).as("of nothing known, so many are a doubling").isEqualTo(1);
        busySeconds(8, 50 * MEBIBYTE);
        assertThat(simulated.asked).as("400 MiB more").isEqualTo(1);
        busySeconds(1, 50 * MEBIBYTE);
        assertThat(simulated.asked).as("450 MiB more").isEqualTo(2);
    }

    @Test
    void aSmallHeapMayGrowABit() {
        busySeconds(2, 64 * MEBIBYTE);
        assertThat(simulated.asked).isZero();
        busySeconds(1, 64 * MEBIBYTE);
        assertThat(simulated.asked).isEqualTo(1);
    }

    @Test
    void aLongCollectionIsNotRepeatedSoon() {
        simulated.pause = Duration.ofSeconds(2);
        busySeconds(1, 1024 * MEBIBYTE);
        assertThat(simulated.asked).isEqualTo(1);
        busySeconds(21, 1024 * MEBIBYTE);
        assertThat(simulated.asked).as("rests for 20 s").isEqualTo(1);
        busySeconds(1, 0);
        assertThat(simulated.asked).isEqualTo(2);
    }

    @Test
    void closingEndsTheLooking() {
        heap.close();
        assertThat(timers.pending()).isZero();
    }
}
