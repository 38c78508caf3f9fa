package org.openkas.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RoundsTest {
    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final AtomicInteger count = new AtomicInteger();

    @Test
    void askedTwiceBeforeItBeginsItRunsOnce() {
        Rounds rounds = new Rounds(tasks::add, count::incrementAndGet);
        rounds.ask();
        assertThat(tasks).hasSize(1);
        tasks.remove().run();
        assertThat(count).hasValue(1);
        rounds.ask();
        tasks.remove().run();
        assertThat(count).hasValue(2);
    }

    @Test
    void askedWhileItRunsItRunsAgainOnTheSameThread() {
        Rounds[] rounds = new Rounds[1];
        rounds[0] = new Rounds(tasks::add, () -> {
            if (count.incrementAndGet() < 3) {
                rounds[0].ask();
                rounds[0].ask();
            }
        });
        rounds[0].ask();
        tasks.remove().run();
        assertThat(count).hasValue(3);
        assertThat(tasks).isEmpty();
    }

    @Test
    void aRoundThatFailsDoesNotKeepLaterOnesFromRunning() {
        Rounds[] rounds = new Rounds[1];
        rounds[0] = new Rounds(tasks::add, () -> {
            if (count.incrementAndGet() == 1) {
                rounds[0].ask();
                throw new StackOverflowError();
            }
        });
        rounds[0].ask();
        assertThatThrownBy(tasks.remove()::run).isInstanceOf(StackOverflowError.class);
        assertThat(tasks).hasSize(1);
        tasks.remove().run();
        assertThat(count).hasValue(2);
        rounds[0].ask();
        tasks.remove().run();
        assertThat(count).hasValue(3);
    }

    @Test
    void roundsOfManyAskersNeverOverlapAndNoneIsLost() {
        AtomicBoolean inside = new AtomicBoolean();
        AtomicBoolean overlapped = new AtomicBoolean();
        AtomicInteger asked = new AtomicInteger();
        AtomicInteger seen = new AtomicInteger();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Rounds rounds = new Rounds(threads, () -> {
                overlapped.compareAndSet(false, !inside.compareAndSet(false, true));
                seen.set(asked.get());
                inside.set(false);
            });
            for (int i = 0; i < 10_000; i++) {
                asked.incrementAndGet();
                rounds.ask();
            }
        }
        assertThat(overlapped).isFalse();
        assertThat(seen).hasValue(10_000);
    }

    @Test
    void interruptionsReachARoundUntilItShieldsItself() {
        Rounds[] rounds = new Rounds[1];
        rounds[0] = new Rounds(tasks::add, () -> {
            rounds[0].interrupt();
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
            rounds[0].shield();
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            rounds[0].interrupt();
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            count.incrementAndGet();
        });
        rounds[0].interrupt();
        rounds[0].ask();
        tasks.remove().run();
        assertThat(count).hasValue(1);
    }

    @Test
    void anInterruptionDoesNotOutliveItsRound() {
        Rounds[] rounds = new Rounds[1];
        rounds[0] = new Rounds(Runnable::run, () -> rounds[0].interrupt());
        rounds[0].ask();
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }
}
