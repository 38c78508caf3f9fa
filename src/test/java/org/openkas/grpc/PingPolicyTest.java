package org.openkas.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.testkit.FakeTimers;

class PingPolicyTest {
    private final FakeTimers timers = new FakeTimers();
    private final PingPolicy policy = new PingPolicy(timers::nanos, Duration.ofSeconds(20));

    private boolean pingAfter(int seconds) {
        timers.advance(Duration.ofSeconds(seconds));
        return policy.acceptable();
    }

    @Test
    @DisplayName("AG-21 PINGs every 5 s: the fourth is one too many")
    void everyFiveSeconds() {
        assertThat(pingAfter(5)).isTrue();
        assertThat(pingAfter(5)).isTrue();
        assertThat(pingAfter(5)).isTrue();
        assertThat(pingAfter(5)).isFalse();
    }

    @Test
    @DisplayName("AG-21 PINGs every 21 s are fine for ever")
    void everyTwentyOneSeconds() {
        for (int i = 0; i < 1000; i++) {
            assertThat(pingAfter(21)).isTrue();
        }
    }

    @Test
    @DisplayName("AG-22 one PING after each answer is fine, however fast")
    void afterAnswers() {
        for (int i = 0; i < 1000; i++) {
            policy.answered();
            assertThat(pingAfter(0)).isTrue();
        }
    }

    @Test
    void anAnswerClearsTheStrikes() {
        pingAfter(0);
        assertThat(pingAfter(0)).isTrue();
        assertThat(pingAfter(0)).isTrue();
        policy.answered();
        assertThat(pingAfter(0)).isTrue();
        assertThat(pingAfter(0)).isTrue();
        assertThat(pingAfter(0)).isTrue();
        assertThat(pingAfter(0)).isFalse();
    }
}
