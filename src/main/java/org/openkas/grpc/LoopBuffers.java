package org.openkas.grpc;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;

/**
 * Where a connection's buffers come from: Netty's pool, but for virtual threads, which live for one call and would set up
 * their own part of the pool, one at a time, for the one buffer of an answer; they get a piece of the heap. Thread-safe.
 */
final class LoopBuffers extends AbstractByteBufAllocator {
    static final LoopBuffers SHARED = new LoopBuffers();

    private final ByteBufAllocator pool = PooledByteBufAllocator.DEFAULT;

    private LoopBuffers() {
        super(true);
    }

    @Override
    public ByteBuf buffer(int initialCapacity, int maxCapacity) {
        return Thread.currentThread().isVirtual()
                ? UnpooledByteBufAllocator.DEFAULT.heapBuffer(initialCapacity, maxCapacity)
                : pool.directBuffer(initialCapacity, maxCapacity);
    }

    @Override
    protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
        return pool.heapBuffer(initialCapacity, maxCapacity);
    }

    @Override
    protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
        return pool.directBuffer(initialCapacity, maxCapacity);
    }

    @Override
    public boolean isDirectBufferPooled() {
        return pool.isDirectBufferPooled();
    }
}
