package org.openkas.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;

/**
 * Stands in front of TLS on a listener of HTTPS: a client that speaks HTTP without TLS is told so, where TLS would hang up without a
 * word. Looks at the first byte only, which in TLS is never a letter. One for each connection, on its event loop.
 */
public final class PlainHttpRefusal extends ChannelInboundHandlerAdapter {
    private static final String ANSWER = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

    private boolean refused;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (refused) {
            ReferenceCountUtil.release(message);
            return;
        }
        if (message instanceof ByteBuf bytes && bytes.isReadable() && letter(bytes.getByte(bytes.readerIndex()))) {
            refused = true;
            bytes.release();
            var _ = ctx.writeAndFlush(ByteBufUtil.writeAscii(ctx.alloc(), ANSWER)).addListener(ChannelFutureListener.CLOSE);
            return;
        }
        ctx.pipeline().remove(this);
        ctx.fireChannelRead(message);
    }

    private static boolean letter(byte octet) {
        return octet >= 'A' && octet <= 'Z';
    }
}
