package org.openkas.grpc;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Exception;

/**
 * Sees to it that RST_STREAM frames leave. When a keepalive fails (chapter 01 §3.2) the library resets all calls without a flush
 * and closes the connection when the resets are through: with a silent peer, whose connection nothing else flushes, never.
 * Remembers streams that are reset before they are known, since their headers could not be read: otherwise the rest of such a
 * call, which is already on its way, would end all calls of the connection. Runs on the connection's event loop.
 */
final class ResetsLeave extends ChannelOutboundHandlerAdapter {
    private static final int RST_STREAM_BYTES = 13;
    private static final int TYPE_AT = 3;
    private static final int RST_STREAM = 3;
    private static final int STREAM_AT = 5;

    private final Http2Connection connection;
    private boolean flushing;

    ResetsLeave(Http2Connection connection) {
        this.connection = connection;
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        boolean reset = message instanceof ByteBuf bytes && bytes.readableBytes() == RST_STREAM_BYTES
                && bytes.getByte(bytes.readerIndex() + TYPE_AT) == RST_STREAM;
        if (reset) {
            ByteBuf frame = (ByteBuf) message;
            remember(frame.getInt(frame.readerIndex() + STREAM_AT));
        }
        var _ = ctx.write(message, promise);
        if (reset && !flushing) {
            flushing = true;
            ctx.executor().execute(() -> {
                flushing = false;
                ctx.flush();
            });
        }
    }

    private void remember(int stream) {
        if (connection.remote().isValidStreamId(stream) && !connection.streamMayHaveExisted(stream)) {
            try {
                connection.remote().createStream(stream, true).close();
            } catch (Http2Exception e) {
                return; // beyond the limit of streams: what else comes is the peer's fault
            }
        }
    }
}
