package org.openkas.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.FixedRecvByteBufAllocator;
import org.junit.jupiter.api.Test;

class CarefulReadsTest {
    private boolean careful;

    private int room(int usual) {
        var handle = new CarefulReads(new FixedRecvByteBufAllocator(usual), () -> careful).newHandle();
        ByteBuf buffer = handle.allocate(UnpooledByteBufAllocator.DEFAULT);
        try {
            assertThat(buffer.writableBytes()).isEqualTo(handle.guess());
            return handle.guess();
        } finally {
            buffer.release();
        }
    }

    @Test
    void readsAreAsLargeAsUsualWithoutCare() {
        assertThat(room(65_536)).isEqualTo(65_536);
    }

    @Test
    void readsAreSmallWithCare() {
        careful = true;
        assertThat(room(65_536)).isEqualTo(4_096);
    }

    @Test
    void careMakesNoReadLarger() {
        careful = true;
        assertThat(room(512)).isEqualTo(512);
    }
}
