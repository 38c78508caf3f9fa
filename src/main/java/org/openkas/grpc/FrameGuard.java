package org.openkas.grpc;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.util.ReferenceCountUtil;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Looks at the header of every HTTP/2 frame between gRPC and a client: notices the client's first SETTINGS, PINGs that
 * {@link PingPolicy} forbids, and floods of frames that {@link FrameBudget} bounds. Runs on the connection's event loop.
 */
final class FrameGuard extends ChannelDuplexHandler {
    private static final int ACK = 0x1;

    private final FrameBudget budget;
    private final PingPolicy pings;
    private final Runnable established;
    private final BiConsumer<ChannelHandlerContext, String> flooded;
    private final FrameScanner outbound = new FrameScanner(this::sent);
    private Optional<WholeFrames> inbound = Optional.empty();
    private Optional<String> complaint = Optional.empty();
    private boolean settingsSeen;

    /**
     * For one connection.
     *
     * @param established called once, when the client's preface and SETTINGS are complete
     * @param flooded called once with a complaint; what the complaint is about, and all that comes later, does not reach gRPC
     */
    FrameGuard(FrameBudget budget, PingPolicy pings, Runnable established, BiConsumer<ChannelHandlerContext, String> flooded) {
        this.budget = budget;
        this.pings = pings;
        this.established = established;
        this.flooded = flooded;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        inbound = Optional.of(new WholeFrames(ctx.alloc(), this::received, ctx::fireChannelRead));
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        inbound.ifPresent(WholeFrames::release);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (complaint.isPresent() || !(message instanceof ByteBuf bytes)) {
            ReferenceCountUtil.release(message);
        } else if (!inbound.orElseThrow().add(bytes)) {
            flooded.accept(ctx, complaint.orElse(""));
        }
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (message instanceof ByteBuf bytes) {
            budget.sent(bytes.readableBytes());
            outbound.scan(bytes);
        }
        var _ = ctx.write(message, promise);
    }

    private boolean received(int type, int flags, int length) {
        if (!settingsSeen && type == FrameBudget.SETTINGS) {
            settingsSeen = true;
            established.run();
        }
        complaint = type == FrameBudget.PING && (flags & ACK) == 0 && !pings.acceptable()
                ? Optional.of("too_many_pings")
                : budget.received(type, flags, length);
        return complaint.isEmpty();
    }

    private void sent(int type) {
        if (type == FrameBudget.DATA || type == FrameBudget.HEADERS) {
            pings.answered();
        }
    }
}
