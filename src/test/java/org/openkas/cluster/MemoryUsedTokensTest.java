package org.openkas.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.openkas.testkit.FakeTimers;

class MemoryUsedTokensTest extends UsedTokensContract {
    private final FakeTimers timers = new FakeTimers();
    private final UsedTokens tokens = new MemoryUsedTokens(timers);

    @Override
    UsedTokens tokens() {
        return tokens;
    }

    @Override
    void advance(Duration by) {
        timers.advance(by);
    }

    @Test
    void aFullMemoryForgetsNoneAndTakesNoMoreUntilSomeExpire() {
        for (int i = 0; i < MemoryUsedTokens.MOST_TOKENS; i++) {
            assertThat(tokens.use(id(i), Duration.ofSeconds(30))).isTrue();
        }
        assertThat(tokens.use(id(-1), Duration.ofSeconds(30))).isFalse();
        assertThat(tokens.use(id(0), Duration.ofSeconds(30))).isFalse();
        timers.advance(Duration.ofSeconds(31));
        assertThat(tokens.use(id(-1), Duration.ofSeconds(30))).isTrue();
    }

    private static ByteString id(int number) {
        return ByteString.copyFrom(ByteBuffer.allocate(Integer.BYTES).putInt(0, number));
    }
}
