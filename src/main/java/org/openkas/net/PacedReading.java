package org.openkas.net;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/**
 * Reads from a peer only as fast as its requests are dealt with: nothing is read while more than the channel's high water
 * mark waits to be sent, so a peer that asks and does not read cannot make answers pile up, nor while the server is behind
 * with what it has read. Looks after each burst of reads only, so that a fast download is not disturbed. Stands first in
 * a pipeline; runs on the connection's event loop.
 */
public final class PacedReading extends ChannelInboundHandlerAdapter {

    /** Knows whether the server is behind with a connection. Asked on the event loop. */
    @FunctionalInterface
    public interface Pace {
        /** True if it is behind; {@code caughtUp} is then called once, on the event loop, when it no longer is. */
        boolean behind(Runnable caughtUp);
    }

    private final Pace pace;
    private boolean paused;
    private boolean waiting;

    /** With what decides besides the unsent bytes. */
    public PacedReading(Pace pace) {
        this.pace = pace;
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        ctx.fireChannelReadComplete();
        if (!waiting && pace.behind(() -> caughtUp(ctx))) {
            waiting = true;
        }
        if (!paused && (waiting || !ctx.channel().isWritable())) {
            paused = true;
            ctx.channel().config().setAutoRead(false);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        // first what HTTP/2 held back while the channel was full: it may fill it again
        ctx.fireChannelWritabilityChanged();
        resumeIfPossible(ctx);
    }

    private void caughtUp(ChannelHandlerContext ctx) {
        waiting = false;
        resumeIfPossible(ctx);
    }

    private void resumeIfPossible(ChannelHandlerContext ctx) {
        if (paused && !waiting && ctx.channel().isWritable()) {
            paused = false;
            ctx.channel().config().setAutoRead(true);
        }
    }
}
