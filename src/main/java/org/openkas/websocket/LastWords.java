package org.openkas.websocket;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import java.util.concurrent.TimeUnit;

/**
 * Lets what was written before a close leave first, as a socket would: messages go out one by one, and a GOAWAY may still
 * wait behind another. A peer that takes nothing does not keep its connection for long. Stands first in a pipeline; runs on
 * the connection's event loop.
 */
final class LastWords extends ChannelOutboundHandlerAdapter {
    private static final int LIMIT_SECONDS = 5;
    private boolean closing;

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        ctx.channel().closeFuture().addListener(closed -> promise.trySuccess());
        if (closing) {
            return;
        }
        closing = true;
        var deadline = ctx.executor().schedule(() -> drop(ctx), LIMIT_SECONDS, TimeUnit.SECONDS);
        ctx.channel().closeFuture().addListener(closed -> deadline.cancel(false));
        ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(sent -> drop(ctx));
    }

    private static void drop(ChannelHandlerContext ctx) {
        var _ = ctx.close();
    }
}
