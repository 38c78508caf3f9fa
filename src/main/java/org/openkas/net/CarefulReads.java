package org.openkas.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;
import java.util.function.BooleanSupplier;

/**
 * Decides how much is read from a peer at once: as much as another allocator finds right, but little while care is asked for.
 * Runs on the connection's event loop.
 */
public final class CarefulReads implements RecvByteBufAllocator {
    private static final int LITTLE = 4 << 10;

    private final RecvByteBufAllocator usual;
    private final BooleanSupplier careful;

    /** {@code careful} is asked before each read; {@code usual} must make handles of the extended kind. */
    public CarefulReads(RecvByteBufAllocator usual, BooleanSupplier careful) {
        this.usual = usual;
        this.careful = careful;
    }

    @Override
    @SuppressWarnings("deprecation") // the method is the interface's, its only one
    public Handle newHandle() {
        return new Careful((ExtendedHandle) usual.newHandle());
    }

    private final class Careful implements ExtendedHandle {
        private final ExtendedHandle handle;

        private Careful(ExtendedHandle handle) {
            this.handle = handle;
        }

        @Override
        public ByteBuf allocate(ByteBufAllocator allocator) {
            return allocator.ioBuffer(guess());
        }

        @Override
        public int guess() {
            int guess = handle.guess();
            return careful.getAsBoolean() ? Math.min(guess, LITTLE) : guess;
        }

        @Override
        public void reset(ChannelConfig config) {
            handle.reset(config);
        }

        @Override
        public void incMessagesRead(int count) {
            handle.incMessagesRead(count);
        }

        @Override
        public void lastBytesRead(int bytes) {
            handle.lastBytesRead(bytes);
        }

        @Override
        public int lastBytesRead() {
            return handle.lastBytesRead();
        }

        @Override
        public void attemptedBytesRead(int bytes) {
            handle.attemptedBytesRead(bytes);
        }

        @Override
        public int attemptedBytesRead() {
            return handle.attemptedBytesRead();
        }

        @Override
        public boolean continueReading() {
            return handle.continueReading();
        }

        @Override
        public boolean continueReading(UncheckedBooleanSupplier maybeMoreData) {
            return handle.continueReading(maybeMoreData);
        }

        @Override
        public void readComplete() {
            handle.readComplete();
        }
    }
}
