package org.openkas.grpc;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;

/**
 * Tells by the first 24 bytes whether a cleartext connection speaks HTTP/2 with prior knowledge (chapter 01 §2.1), then
 * hands them on and leaves. Bytes that differ from the preface earlier decide earlier.
 */
final class Http2Preface extends ByteToMessageDecoder {
    private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final Consumer<Boolean> decided;

    /** {@code decided} gets true for HTTP/2 and sets up what comes behind this handler. */
    Http2Preface(Consumer<Boolean> decided) {
        this.decided = decided;
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        int have = Math.min(in.readableBytes(), PREFACE.length);
        for (int i = 0; i < have; i++) {
            if (in.getByte(in.readerIndex() + i) != PREFACE[i]) {
                decide(ctx, false);
                return;
            }
        }
        if (have == PREFACE.length) {
            decide(ctx, true);
        }
    }

    private void decide(ChannelHandlerContext ctx, boolean http2) {
        decided.accept(http2);
        ctx.pipeline().remove(this);
    }
}
