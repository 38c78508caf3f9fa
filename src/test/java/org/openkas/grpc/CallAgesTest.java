package org.openkas.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openkas.common.Timers;
import org.openkas.testkit.FakeTimers;

class CallAgesTest {
    private final FakeTimers timers = new FakeTimers();
    private double random = 0;
    private final CallAges ages = new CallAges(timers, () -> (long) (random * (1L << 53)) << 11, Duration.ofSeconds(100));
    private final Attributes connection = ages.transportReady(Attributes.EMPTY);
    private final AtomicInteger ended = new AtomicInteger();

    private CallAge call() {
        AtomicReference<CallAge> age = new AtomicReference<>();
        ages.interceptCall(new Call(connection), new Metadata(), (call, headers) -> {
            age.set(CallContext.AGE.get());
            return new ServerCall.Listener<>() {
            };
        });
        return age.get();
    }

    @ParameterizedTest
    @CsvSource({"0,0,30000", "0,0.999999,31499", "10,0,20000", "10,0.999999,20999", "30,0.5,0", "90,0.5,0"})
    @DisplayName("AG-23 ends at 30 % of the age of the connection plus up to 5 % of what remained")
    void share(int begunAfterSeconds, double jitter, long waitMillis) {
        random = jitter;
        timers.advance(Duration.ofSeconds(begunAfterSeconds));
        CallAge age = call();
        age.whenEnded(ended::incrementAndGet);
        if (waitMillis > 0) {
            timers.advance(Duration.ofMillis(waitMillis - 1));
            assertThat(ended).hasValue(0);
            assertThat(age.ended()).isFalse();
            timers.advance(Duration.ofMillis(2));
        }
        assertThat(ended).hasValue(1);
        assertThat(age.ended()).isTrue();
        timers.advance(Duration.ofHours(1));
        assertThat(ended).hasValue(1);
    }

    @Test
    void costsNothingUntilSomebodyWaitsAndNothingAfterwards() {
        List<Timers.Cancellable> waits = new ArrayList<>();
        for (int i = 0; i < 15_000; i++) {
            CallAge age = call();
            assertThat(timers.pending()).isEqualTo(i);
            waits.add(age.whenEnded(ended::incrementAndGet));
            waits.add(age.whenEnded(ended::incrementAndGet));
        }
        waits.forEach(Timers.Cancellable::cancel);
        assertThat(timers.pending()).isZero();
        ages.drain();
        timers.advance(Duration.ofHours(1));
        assertThat(ended).hasValue(0);
    }

    @Test
    @DisplayName("What is meant to last ends when the server drains, and not before")
    void lasting() {
        call().lasting().whenEnded(ended::incrementAndGet);
        call().lasting().whenEnded(ended::incrementAndGet).cancel();
        timers.advance(Duration.ofDays(1));
        assertThat(ended).hasValue(0);
        ages.drain();
        timers.advance(Duration.ZERO);
        assertThat(ended).hasValue(1);
        call().lasting().whenEnded(ended::incrementAndGet);
        assertThat(ended).hasValue(2);
        assertThat(timers.pending()).isZero();
    }

    @Test
    @DisplayName("AG-25 a drain ends all waiting calls, and later ones at once")
    void drain() {
        for (int i = 0; i < 15_000; i++) {
            call().whenEnded(ended::incrementAndGet);
        }
        CallAge idle = call();
        ages.drain();
        timers.advance(Duration.ZERO);
        assertThat(ended).hasValue(15_000);
        assertThat(timers.pending()).isZero();
        assertThat(idle.ended()).isTrue();
        idle.whenEnded(ended::incrementAndGet);
        call().whenEnded(ended::incrementAndGet);
        assertThat(ended).hasValue(15_002);
    }

    @Test
    void aCallThatEndsIsForgotten() {
        Context.CancellableContext context = Context.ROOT.withCancellation();
        context.run(() -> call().whenEnded(ended::incrementAndGet));
        assertThat(timers.pending()).isEqualTo(1);
        context.cancel(null);
        assertThat(timers.pending()).isZero();
        ages.drain();
        timers.advance(Duration.ofHours(1));
        assertThat(ended).hasValue(0);
    }

    @Test
    void oneOfTwoEqualActionsCanBeWithdrawn() {
        CallAge age = call();
        Runnable action = ended::incrementAndGet;
        age.whenEnded(action);
        age.whenEnded(action).cancel();
        timers.advance(Duration.ofHours(1));
        assertThat(ended).hasValue(1);
    }

    private static final class Call extends ServerCall<String, String> {
        private final Attributes attributes;

        private Call(Attributes attributes) {
            this.attributes = attributes;
        }

        @Override
        public void request(int count) {
        }

        @Override
        public void sendHeaders(Metadata headers) {
        }

        @Override
        public void sendMessage(String message) {
        }

        @Override
        public void close(Status status, Metadata trailers) {
        }

        @Override
        public boolean isCancelled() {
            return false;
        }

        @Override
        public MethodDescriptor<String, String> getMethodDescriptor() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Attributes getAttributes() {
            return attributes;
        }
    }
}
