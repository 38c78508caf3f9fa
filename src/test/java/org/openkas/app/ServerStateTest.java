package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ServerStateTest {
    private final AtomicInteger drains = new AtomicInteger();
    private final ServerState state = new ServerState(drains::incrementAndGet);

    @Test
    void aServerStartsRunsAndStops() {
        assertThat(state.getState()).isEqualTo("STARTING");
        state.running();
        assertThat(state.getState()).isEqualTo("RUNNING");
        state.drain();
        assertThat(state.getState()).isEqualTo("STOPPED");
        assertThat(state.awaitFailure()).isEmpty();
        assertThat(state.failure()).isEmpty();
    }

    @Test
    void itDrainsOnceHoweverOftenItIsAsked() {
        state.drain();
        state.drain();
        assertThat(drains).hasValue(1);
    }

    @Test
    void whoeverAsksForADrainWaitsForItsEnd() {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        ServerState slow = new ServerState(() -> {
            begun.countDown();
            try {
                end.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        Thread first = Thread.ofVirtual().start(slow::drain);
        CompletableFuture<Void> second = CompletableFuture.runAsync(() -> {
            try {
                begun.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            slow.drain();
        });
        assertThat(begun).satisfies(CountDownLatch::await);
        assertThat(slow.getState()).isEqualTo("DRAINING");
        assertThat(second).isNotDone();
        end.countDown();
        second.join();
        assertThat(first).satisfies(Thread::join);
    }

    @Test
    void aDrainThatTakesTooLongGoesOn() throws InterruptedException {
        CountDownLatch end = new CountDownLatch(1);
        ServerState slow = new ServerState(() -> {
            try {
                end.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        assertThat(slow.drainWithin(Duration.ofMillis(1))).isFalse();
        end.countDown();
        assertThat(slow.drainWithin(Duration.ofSeconds(10))).isTrue();
        assertThat(slow.getState()).isEqualTo("STOPPED");
    }

    @Test
    void aFailureIsToldToWhoeverWaits() {
        CompletableFuture<String> told = CompletableFuture.supplyAsync(state::awaitFailure);
        state.failed("listen tcp :1: bind: permission denied");
        assertThat(told.join()).isEqualTo("listen tcp :1: bind: permission denied");
        assertThat(state.failure()).contains("listen tcp :1: bind: permission denied");
    }

    @Test
    void aFailedServerStaysFailedThroughItsDrain() {
        state.failed("no");
        state.running();
        state.drain();
        assertThat(state.getState()).isEqualTo("FAILED");
        assertThat(drains).hasValue(1);
    }
}
