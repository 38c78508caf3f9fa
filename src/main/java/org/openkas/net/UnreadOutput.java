package org.openkas.net;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;

/**
 * Stops reading from a peer that does not read: while more than a bound waits to be sent on a connection, nothing is
 * read from it, so a peer that only asks cannot make answers pile up. Reading goes on when the connection is writable
 * again. Stands first in a pipeline; runs on the connection's event loop.
 */
public final class UnreadOutput extends ChannelInboundHandlerAdapter {
    private final int maxBytes;
    private boolean paused;

    /** With {@code maxBytes} above the channel's high water mark. */
    public UnreadOutput(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        ctx.fireChannelReadComplete();
        ChannelOutboundBuffer unsent = ctx.channel().unsafe().outboundBuffer();
        if (!paused && unsent != null && unsent.totalPendingWriteBytes() > maxBytes) {
            paused = true;
            ctx.channel().config().setAutoRead(false);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (paused && ctx.channel().isWritable()) {
            paused = false;
            ctx.channel().config().setAutoRead(true);
        }
        ctx.fireChannelWritabilityChanged();
    }
}
