package org.openkas.grpc;

import io.grpc.netty.InternalGracefulServerCloseCommand;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;

/** Makes the library's shutdown of a connection announce itself with debug data {@code graceful_stop} (chapter 01 §3.4). */
final class GracefulStop extends ChannelOutboundHandlerAdapter {
    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        var _ = ctx.write(InternalGracefulServerCloseCommand.create("graceful_stop"), promise);
        ctx.flush();
    }
}
