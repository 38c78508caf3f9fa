package org.openkas.grpc;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;

/**
 * Sees to it that RST_STREAM frames leave. When a keepalive fails (chapter 01 §3.2) the library resets all calls without a flush
 * and closes the connection when the resets are through: with a silent peer, whose connection nothing else flushes, never.
 * Runs on the connection's event loop.
 */
final class ResetsLeave extends ChannelOutboundHandlerAdapter {
    private static final int RST_STREAM_BYTES = 13;
    private static final int TYPE_AT = 3;
    private static final int RST_STREAM = 3;

    private boolean flushing;

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        boolean reset = message instanceof ByteBuf bytes && bytes.readableBytes() == RST_STREAM_BYTES
                && bytes.getByte(bytes.readerIndex() + TYPE_AT) == RST_STREAM;
        var _ = ctx.write(message, promise);
        if (reset && !flushing) {
            flushing = true;
            ctx.executor().execute(() -> {
                flushing = false;
                ctx.flush();
            });
        }
    }
}
