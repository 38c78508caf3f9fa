package org.openkas.kubernetesapi;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslCloseCompletionEvent;

/**
 * Tells a client's connection what happens on its channel: the last handler of the pipeline (chapter 03 §2). Runs on the
 * connection's event loop.
 */
final class ClientHandler extends ChannelInboundHandlerAdapter {
    private final ClientConnection connection;

    /** Sent through the pipeline when the listener stops: the connection ends with the answer under way, or at once. */
    enum Stop {
        NOW
    }

    ClientHandler(ClientConnection connection) {
        this.connection = connection;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        if (ctx.channel().isActive()) {
            connection.connected();
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        connection.connected();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        connection.received(message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        connection.pump();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent || event instanceof SslCloseCompletionEvent) {
            connection.halfClosed();
        } else if (event == Stop.NOW) {
            connection.stop();
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (ctx.channel().isWritable()) {
            connection.writable();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        connection.closed();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // a client that went away or does not speak our language: nothing to tell an operator
        connection.close();
    }
}
