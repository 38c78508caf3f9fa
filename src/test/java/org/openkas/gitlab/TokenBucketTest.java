package org.openkas.gitlab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.testkit.FakeTimers;

class TokenBucketTest {
    private final FakeTimers timers = new FakeTimers();
    private final List<String> passed = new CopyOnWriteArrayList<>();
    private final List<String> seen = new CopyOnWriteArrayList<>();

    @Test
    @DisplayName("GB-17: with size 1 and 1/s, three calls pass at 0, 1 and 2 s")
    void callsPassAtTheRate() {
        TokenBucket bucket = bucket(1, 1);
        Thread first = taker(bucket, "a", false);
        await().until(() -> !first.isAlive());
        Thread second = taker(bucket, "b", false);
        Thread third = taker(bucket, "c", false);

        assertThat(passed).containsExactly("a");
        timers.advance(Duration.ofMillis(999));
        assertThat(passed).containsExactly("a");
        timers.advance(Duration.ofMillis(2));
        await().until(() -> !second.isAlive());
        assertThat(passed).containsExactly("a", "b");
        timers.advance(Duration.ofMillis(998));
        assertThat(passed).hasSize(2);
        timers.advance(Duration.ofMillis(2));
        await().until(() -> !third.isAlive());
        assertThat(passed).containsExactly("a", "b", "c");
        assertThat(seen).hasSize(3).first().isEqualTo("0 true");
        assertThat(seen.getLast()).matches("20\\d\\d true");
    }

    @Test
    void aFullBucketServesABurst() throws InterruptedException {
        TokenBucket bucket = bucket(1, 250);
        for (int call = 0; call < 250; call++) {
            assertThat(bucket.take(false, Optional.of(Duration.ZERO))).isTrue();
        }
        assertThat(bucket.take(false, Optional.of(Duration.ofMillis(999)))).isFalse();
        assertThat(seen).last().isEqualTo("0 false");
    }

    @Test
    void whoWouldWaitTooLongIsToldAtOnce() throws InterruptedException {
        TokenBucket bucket = bucket(2, 1);
        bucket.take(false, Optional.empty());
        Thread waiting = taker(bucket, "a", false);

        assertThat(bucket.take(false, Optional.of(Duration.ofMillis(990)))).isFalse();
        timers.advance(Duration.ofMillis(501));
        await().until(() -> !waiting.isAlive());
    }

    @Test
    void reportsLeaveAReserveToLookUps() throws InterruptedException {
        TokenBucket bucket = bucket(10, 10);
        for (int report = 0; report < 8; report++) {
            assertThat(bucket.take(true, Optional.of(Duration.ZERO))).isTrue();
        }
        assertThat(bucket.take(true, Optional.of(Duration.ZERO))).as("the ninth of ten").isFalse();
        assertThat(bucket.take(false, Optional.of(Duration.ZERO))).isTrue();
        assertThat(bucket.take(false, Optional.of(Duration.ZERO))).isTrue();
    }

    @Test
    void lookUpsOvertakeReports() {
        TokenBucket bucket = bucket(1, 1);
        taker(bucket, "first", false);
        await().until(() -> passed.size() == 1);
        taker(bucket, "report", true);
        taker(bucket, "look-up", false);

        timers.advance(Duration.ofMillis(1001));
        await().until(() -> passed.size() == 2);
        timers.advance(Duration.ofMillis(1001));
        await().until(() -> passed.size() == 3);
        assertThat(passed).containsExactly("first", "look-up", "report");
    }

    @Test
    void whoGivesUpTakesNothing() throws InterruptedException {
        TokenBucket bucket = bucket(1, 1);
        bucket.take(false, Optional.empty());
        Thread waiting = taker(bucket, "a", false);
        waiting.interrupt();
        waiting.join();

        timers.advance(Duration.ofSeconds(1));
        assertThat(passed).isEmpty();
        assertThat(bucket.take(false, Optional.of(Duration.ZERO))).isTrue();
        assertThat(seen).contains("0 false");
    }

    private TokenBucket bucket(double perSecond, int size) {
        return new TokenBucket(perSecond, size, timers, (blocked, allowed) -> seen.add(blocked.toMillis() + " " + allowed));
    }

    /** A thread that takes a token; returns when it has one or waits for it. */
    private Thread taker(TokenBucket bucket, String name, boolean inBackground) {
        AtomicBoolean begun = new AtomicBoolean();
        Thread thread = Thread.ofPlatform().daemon().start(() -> {
            try {
                begun.set(true);
                bucket.take(inBackground, Optional.empty());
                passed.add(name);
            } catch (InterruptedException e) {
                // gave up
            }
        });
        await().until(() -> begun.get() && (!thread.isAlive() || thread.getState() == Thread.State.WAITING));
        return thread;
    }
}
