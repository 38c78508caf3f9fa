package org.openkas.observability;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The time-outs of the observability listener (chapter 05 §8.5): a request must be there one second after its first byte
 * (the first one, after the connection), its answer must be out after fifteen more, and a connection between requests
 * may idle for a minute. A connection that is late is closed. One for each connection, on its event loop.
 */
final class RequestTimeouts extends ChannelInboundHandlerAdapter {
    static final Duration READ = Duration.ofSeconds(1);
    static final Duration WRITE = Duration.ofSeconds(15);
    static final Duration IDLE = Duration.ofSeconds(60);

    private @Nullable Future<?> deadline;
    private boolean idle;

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        if (ctx.channel().isActive()) {
            arm(ctx, READ);
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        arm(ctx, READ);
        ctx.fireChannelActive();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (idle) {
            idle = false;
            arm(ctx, READ);
        }
        ctx.fireChannelRead(message);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        disarm();
        ctx.fireChannelInactive();
    }

    /** The request is complete. */
    void requested(ChannelHandlerContext ctx) {
        idle = false;
        arm(ctx, WRITE);
    }

    /** The answer is out, and no further request has begun. */
    void answered(ChannelHandlerContext ctx) {
        idle = true;
        arm(ctx, IDLE);
    }

    private void arm(ChannelHandlerContext ctx, Duration limit) {
        disarm();
        Runnable cut = () -> {
            var _ = ctx.channel().close();
        };
        deadline = ctx.executor().schedule(cut, limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void disarm() {
        if (deadline != null) {
            deadline.cancel(false);
        }
    }
}
