package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.openkas.testkit.FakeTimers;

class IdleHeapTest {
    private static final long MEBIBYTE = 1 << 20;

    private final FakeTimers timers = new FakeTimers();
    private final AtomicLong used = new AtomicLong();
    private final AtomicLong collections = new AtomicLong();
    private int asked;

    private final IdleHeap heap = new IdleHeap(timers, used::get, collections::get, () -> {
        asked++;
        collections.incrementAndGet();
        used.set(40 * MEBIBYTE);
    });

    @Test
    void garbageOfABurstIsCollectedOnceItIsQuiet() {
        used.set(200 * MEBIBYTE);
        timers.advance(Duration.ofSeconds(10));
        assertThat(asked).isEqualTo(1);
        timers.advance(Duration.ofMinutes(10));
        assertThat(asked).as("nothing to gain any more").isEqualTo(1);
        used.set(70 * MEBIBYTE);
        timers.advance(Duration.ofSeconds(5));
        assertThat(asked).isEqualTo(2);
    }

    @Test
    void aBusyHeapCollectsByItself() {
        used.set(200 * MEBIBYTE);
        for (int second = 0; second < 60; second += 5) {
            collections.incrementAndGet();
            timers.advance(Duration.ofSeconds(5));
        }
        assertThat(asked).isZero();
    }

    @Test
    void aLargeHeapIsLeftAlone() {
        used.set(4096 * MEBIBYTE);
        timers.advance(Duration.ofMinutes(1));
        assertThat(asked).isZero();
    }

    @Test
    void closingEndsTheLooking() {
        heap.close();
        assertThat(timers.pending()).isZero();
    }
}
