package org.openkas.gitlab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openkas.testkit.FakeTimers;

@Timeout(20)
class PlacesTest {
    private final FakeTimers timers = new FakeTimers();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    @AfterEach
    void stop() {
        threads.shutdownNow();
    }

    private Future<Boolean> take(Places places, boolean inBackground, Duration patience) {
        int before = timers.pending();
        Future<Boolean> taken = threads.submit(() -> places.take(inBackground, Optional.of(patience)));
        await().until(() -> taken.isDone() || timers.pending() > before);
        return taken;
    }

    @Test
    void whoComesFirstIsServedFirst() throws Exception {
        Places places = new Places(1, 0, timers);
        assertThat(places.take(false, Optional.empty())).isTrue();
        Future<Boolean> second = take(places, false, Duration.ofHours(1));
        Future<Boolean> third = take(places, false, Duration.ofHours(1));
        places.release();
        assertThat(second.get()).isTrue();
        assertThat(third.isDone()).isFalse();
        places.release();
        assertThat(third.get()).isTrue();
        assertThat(timers.pending()).isZero();
    }

    @Test
    void patienceEnds() throws Exception {
        Places places = new Places(1, 0, timers);
        places.take(false, Optional.empty());
        Future<Boolean> waiting = take(places, false, Duration.ofSeconds(5));
        timers.advance(Duration.ofSeconds(5).minusNanos(1));
        assertThat(waiting.isDone()).isFalse();
        timers.advance(Duration.ofNanos(1));
        assertThat(waiting.get()).isFalse();
        places.release();
        assertThat(take(places, false, Duration.ZERO).get()).as("the place is not lost").isTrue();
    }

    @Test
    void theBackgroundLeavesAReserveAndWaitsBehindOthers() throws Exception {
        Places places = new Places(3, 1, timers);
        assertThat(take(places, true, Duration.ofHours(1)).get()).isTrue();
        assertThat(take(places, true, Duration.ofHours(1)).get()).isTrue();
        Future<Boolean> stranger = take(places, true, Duration.ofHours(1));
        assertThat(stranger.isDone()).isFalse();
        assertThat(take(places, false, Duration.ofHours(1)).get()).as("the reserve").isTrue();
        Future<Boolean> known = take(places, false, Duration.ofHours(1));
        places.release();
        assertThat(known.get()).isTrue();
        places.release();
        assertThat(stranger.isDone()).as("one place is free, and it is the reserve").isFalse();
        places.release();
        assertThat(stranger.get()).isTrue();
    }

    @Test
    void theBackgroundGoesOnWhenThoseInFrontOfItGiveUp() throws Exception {
        Places places = new Places(2, 1, timers);
        places.take(false, Optional.empty());
        places.take(false, Optional.empty());
        Future<Boolean> known = take(places, false, Duration.ofSeconds(1));
        Future<Boolean> stranger = take(places, true, Duration.ofHours(1));
        timers.advance(Duration.ofSeconds(1));
        assertThat(known.get()).isFalse();
        places.release();
        places.release();
        assertThat(stranger.get()).isTrue();
    }

    @Test
    void whoIsInterruptedLeavesThePlaceToOthers() throws Exception {
        Places places = new Places(1, 0, timers);
        places.take(false, Optional.empty());
        AtomicReference<Throwable> end = new AtomicReference<>();
        Thread waiting = Thread.ofVirtual().start(() -> {
            try {
                places.take(false, Optional.empty());
            } catch (InterruptedException e) {
                end.set(e);
            }
        });
        await().until(() -> waiting.getState() == Thread.State.WAITING);
        waiting.interrupt();
        waiting.join();
        assertThat(end.get()).isInstanceOf(InterruptedException.class);
        places.release();
        assertThat(places.take(false, Optional.empty())).isTrue();
    }
}
