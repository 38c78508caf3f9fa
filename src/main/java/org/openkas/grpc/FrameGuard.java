package org.openkas.grpc;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.util.ReferenceCountUtil;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Looks at the header of every HTTP/2 frame that a client sends, on its way to gRPC: notices the first SETTINGS, and
 * floods of frames that {@link FrameBudget} bounds. Runs on the connection's event loop.
 */
final class FrameGuard extends ChannelDuplexHandler {
    private static final int PREFACE = 24;
    private static final int HEADER = 9;

    private final FrameBudget budget;
    private final Runnable established;
    private final BiConsumer<ChannelHandlerContext, String> flooded;
    private final byte[] header = new byte[HEADER];
    private int headerHave;
    private long skip = PREFACE;
    private boolean settingsSeen;
    private boolean settingsBegun;
    private boolean over;

    /**
     * For one connection.
     *
     * @param established called once, when the client's preface and SETTINGS are complete
     * @param flooded called once with a complaint; nothing that comes later reaches gRPC
     */
    FrameGuard(FrameBudget budget, Runnable established, BiConsumer<ChannelHandlerContext, String> flooded) {
        this.budget = budget;
        this.established = established;
        this.flooded = flooded;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (over || !(message instanceof ByteBuf bytes)) {
            ReferenceCountUtil.release(message);
            return;
        }
        Optional<String> complaint = scan(bytes);
        if (complaint.isPresent()) {
            over = true;
            bytes.release();
            flooded.accept(ctx, complaint.get());
        } else {
            ctx.fireChannelRead(bytes);
        }
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (message instanceof ByteBuf bytes) {
            budget.sent(bytes.readableBytes());
        }
        var _ = ctx.write(message, promise);
    }

    private Optional<String> scan(ByteBuf bytes) {
        int at = bytes.readerIndex();
        int end = bytes.writerIndex();
        while (at < end || (skip == 0 && settingsBegun)) {
            if (skip > 0) {
                int now = (int) Math.min(skip, end - at);
                skip -= now;
                at += now;
                continue;
            }
            if (settingsBegun) {
                settingsBegun = false;
                settingsSeen = true;
                established.run();
                continue;
            }
            header[headerHave++] = bytes.getByte(at++);
            if (headerHave == HEADER) {
                headerHave = 0;
                Optional<String> complaint = frame();
                if (complaint.isPresent()) {
                    return complaint;
                }
            }
        }
        return Optional.empty();
    }

    private Optional<String> frame() {
        int length = ((header[0] & 0xff) << 16) | ((header[1] & 0xff) << 8) | (header[2] & 0xff);
        skip = length;
        if (!settingsSeen && header[3] == FrameBudget.SETTINGS) {
            settingsBegun = true;
        }
        return budget.received(header[3] & 0xff, header[4], length);
    }
}
