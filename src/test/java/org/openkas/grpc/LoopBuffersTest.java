package org.openkas.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;

class LoopBuffersTest {
    private static boolean direct(Executor threads) {
        return CompletableFuture.supplyAsync(() -> {
            ByteBuf buffer = LoopBuffers.SHARED.buffer(1024, 4096);
            try {
                assertThat(buffer.capacity()).isEqualTo(1024);
                assertThat(buffer.maxCapacity()).isEqualTo(4096);
                return buffer.isDirect();
            } finally {
                buffer.release();
            }
        }, threads).join();
    }

    @Test
    void threadsThatLastTakeDirectBuffersOfThePool() {
        assertThat(direct(task -> Thread.ofPlatform().start(task))).isTrue();
    }

    @Test
    void threadsOfOneCallTakeAPieceOfTheHeap() {
        assertThat(direct(task -> Thread.ofVirtual().start(task))).isFalse();
    }
}
