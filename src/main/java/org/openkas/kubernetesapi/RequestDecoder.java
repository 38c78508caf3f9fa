package org.openkas.kubernetesapi;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads requests, and stops behind one that asks for an upgrade: what follows may be another protocol (chapter 03 §13.1). When
 * it is removed from the pipeline it hands on the bytes that it holds. Runs on the connection's event loop.
 */
final class RequestDecoder extends HttpRequestDecoder {
    /** One data message each (chapter 03 §10.4). */
    static final int LARGEST_CHUNK = 32 << 10;
    /** 1 MiB and a tolerance of 4 KiB (chapter 03 §2.2). */
    private static final int LARGEST_HEAD = (1 << 20) + (4 << 10);

    private final Runnable onBytes;
    private @Nullable ChannelHandlerContext context;
    private boolean upgrading;
    private boolean holding;

    /** {@code onBytes} is run whenever bytes arrive, before they are understood. */
    RequestDecoder(Runnable onBytes) {
        super(new HttpDecoderConfig().setMaxInitialLineLength(LARGEST_HEAD).setMaxHeaderSize(LARGEST_HEAD).setMaxChunkSize(LARGEST_CHUNK)
                .setAllowDuplicateContentLengths(true));
        this.onBytes = onBytes;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
        context = ctx;
        super.handlerAdded(ctx);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        onBytes.run();
        super.channelRead(ctx, message);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, io.netty.buffer.ByteBuf buffer, List<Object> out) throws Exception {
        if (holding) {
            return;
        }
        int before = out.size();
        super.decode(ctx, buffer, out);
        for (Object message : out.subList(before, out.size())) {
            upgrading |= message instanceof HttpRequest request && request.headers().contains(HttpHeaderNames.UPGRADE);
            if (upgrading && message instanceof LastHttpContent) {
                upgrading = false;
                holding = true;
            }
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
        if (holding) {
            // the superclass would go on reading until it can decode something
            ctx.fireChannelReadComplete();
        } else {
            super.channelReadComplete(ctx);
        }
    }

    /** Whether bytes wait behind a request for an upgrade. */
    boolean holdsBytes() {
        return holding && actualReadableBytes() > 0;
    }

    /** If this decoder stands behind a request for an upgrade: it was refused, and what follows is HTTP. */
    void resume() throws Exception {
        if (holding && context != null) {
            holding = false;
            super.channelRead(context, Unpooled.EMPTY_BUFFER);
        }
    }
}
