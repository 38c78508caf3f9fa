package org.openkas.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBufAllocator;
import org.junit.jupiter.api.Test;

class LeakWatchTest {

    @Test
    void aBufferThatIsForgottenIsReported() throws Exception {
        try (LeakWatch watch = new LeakWatch()) {
            forget();
            assertThat(watch.found()).isNotEmpty();
        }
    }

    @Test
    void aBufferThatIsReleasedIsNot() throws Exception {
        try (LeakWatch watch = new LeakWatch()) {
            ByteBufAllocator.DEFAULT.buffer(100).release();
            assertThat(watch.found()).isEmpty();
        }
    }

    private static void forget() {
        ByteBufAllocator.DEFAULT.buffer(100).writeByte(1);
    }
}
