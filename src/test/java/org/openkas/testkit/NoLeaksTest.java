package org.openkas.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBufAllocator;
import org.junit.jupiter.api.Test;

class NoLeaksTest {

    @Test
    void aBufferThatIsForgottenIsReported() {
        NoLeaks watch = new NoLeaks();
        watch.begin();
        forget();
        assertThat(watch.end()).isNotEmpty();
    }

    @Test
    void aBufferThatIsReleasedIsNot() {
        NoLeaks watch = new NoLeaks();
        watch.begin();
        ByteBufAllocator.DEFAULT.buffer(100).release();
        assertThat(watch.end()).isEmpty();
    }

    private static void forget() {
        ByteBufAllocator.DEFAULT.buffer(100).writeByte(1);
    }
}
