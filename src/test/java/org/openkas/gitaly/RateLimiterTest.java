package org.openkas.gitaly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Context;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.openkas.testkit.FakeTimers;

class RateLimiterTest {
    private final FakeTimers timers = new FakeTimers();
    private final List<String> told = new CopyOnWriteArrayList<>();
    private final RateLimiter limiter = new RateLimiter("gitaly_client_x", 2, 3, timers, new RateLimitObserver() {
        @Override
        public void limit(String name, String unit, double value) {
            told.add(name + " " + unit + " " + value);
        }

        @Override
        public void decided(String name, Duration blocked, boolean allowed) {
            told.add(name + " " + blocked.toMillis() + " " + allowed);
        }
    });

    @Test
    void letsABurstThroughAndThenOneAfterTheOther() throws Exception {
        for (int i = 0; i < 3; i++) {
            assertThat(limiter.acquire()).isTrue();
        }
        CompletableFuture<Boolean> fourth = waiting(1);
        CompletableFuture<Boolean> fifth = waiting(2);
        timers.advance(Duration.ofMillis(499));
        assertThat(fourth).isNotDone();
        timers.advance(Duration.ofMillis(1));
        assertThat(fourth.get(5, TimeUnit.SECONDS)).isTrue();
        assertThat(fifth).isNotDone();
        timers.advance(Duration.ofMillis(500));
        assertThat(fifth.get(5, TimeUnit.SECONDS)).isTrue();
        assertThat(told).containsExactly("gitaly_client_x {refill/s} 2.0", "gitaly_client_x 0 true", "gitaly_client_x 0 true",
                "gitaly_client_x 0 true", "gitaly_client_x 500 true", "gitaly_client_x 1000 true");
        timers.advance(Duration.ofSeconds(10));
        for (int i = 0; i < 3; i++) {
            assertThat(limiter.acquire()).isTrue();
        }
    }

    @Test
    void refusesAtOnceWhatWouldOutlastTheDeadlineAndTakesNothing() throws Exception {
        for (int i = 0; i < 3; i++) {
            assertThat(limiter.acquire()).isTrue();
        }
        try (ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor()) {
            Context.CancellableContext context = Context.current().withDeadlineAfter(200, TimeUnit.MILLISECONDS, clock);
            for (int i = 0; i < 10; i++) {
                assertThat(context.call(limiter::acquire)).isFalse();
            }
            context.cancel(null);
        }
        CompletableFuture<Boolean> next = waiting(1);
        timers.advance(Duration.ofMillis(500));
        assertThat(next.get(5, TimeUnit.SECONDS)).isTrue();
        assertThat(told).contains("gitaly_client_x 0 false");
    }

    @Test
    void anInterruptedWaiterGivesItsTokenBack() throws Exception {
        for (int i = 0; i < 3; i++) {
            assertThat(limiter.acquire()).isTrue();
        }
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        Thread waiter = Thread.ofVirtual().start(() -> {
            try {
                interrupted.complete(limiter.acquire());
            } catch (InterruptedException e) {
                interrupted.complete(false);
            }
        });
        await().until(() -> timers.pending() == 1);
        waiter.interrupt();
        assertThat(interrupted.get(5, TimeUnit.SECONDS)).isFalse();
        CompletableFuture<Boolean> next = waiting(1);
        timers.advance(Duration.ofMillis(500));
        assertThat(next.get(5, TimeUnit.SECONDS)).isTrue();
    }

    private CompletableFuture<Boolean> waiting(int pending) {
        CompletableFuture<Boolean> result = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                result.complete(limiter.acquire());
            } catch (InterruptedException e) {
                result.completeExceptionally(e);
            }
        });
        await().until(() -> timers.pending() == pending);
        return result;
    }
}
