package org.openkas.grpc;

import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.InternalProtocolNegotiationEvent;
import io.grpc.netty.InternalProtocolNegotiators;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import org.openkas.net.Security;

/** The first moments of one connection: TLS, then HTTP/2. Runs on the connection's event loop. */
final class ConnectionStart extends ChannelInboundHandlerAdapter {
    private final ListenerSettings settings;
    private final GrpcHttp2ConnectionHandler grpc;

    ConnectionStart(ListenerSettings settings, GrpcHttp2ConnectionHandler grpc) {
        this.settings = settings;
        this.grpc = grpc;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        if (!settings.address().admits(ctx.channel().remoteAddress())) {
            var _ = ctx.close();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event.equals(InternalProtocolNegotiationEvent.getDefault())) {
            switch (settings.security()) {
                case Security.Plain() -> speakHttp2(ctx);
                case Security.Tls(var context) -> ctx.pipeline().addBefore(ctx.name(), null, context.newHandler(ctx.alloc()));
            }
        } else if (event instanceof SslHandshakeCompletionEvent handshake) {
            if (handshake.isSuccess()) {
                speakHttp2(ctx);
            } else {
                var _ = ctx.close();
            }
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    private void speakHttp2(ChannelHandlerContext ctx) {
        ChannelHandler next = InternalProtocolNegotiators.grpcNegotiationHandler(grpc);
        ctx.pipeline().addAfter(ctx.name(), null, next);
        ctx.fireUserEventTriggered(
                InternalProtocolNegotiationEvent.withAttributes(InternalProtocolNegotiationEvent.getDefault(), attributes(ctx)));
        ctx.pipeline().addAfter(ctx.pipeline().context(grpc).name(), null, new GracefulStop());
        ctx.pipeline().remove(this);
    }

    private static Attributes attributes(ChannelHandlerContext ctx) {
        Attributes.Builder attributes = Attributes.newBuilder().set(Grpc.TRANSPORT_ATTR_LOCAL_ADDR, ctx.channel().localAddress())
                .set(Grpc.TRANSPORT_ATTR_REMOTE_ADDR, ctx.channel().remoteAddress());
        SslHandler ssl = ctx.pipeline().get(SslHandler.class);
        if (ssl != null) {
            attributes.set(Grpc.TRANSPORT_ATTR_SSL_SESSION, ssl.engine().getSession());
        }
        return attributes.build();
    }
}
