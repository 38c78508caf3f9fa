package org.openkas.grpc;

import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.InternalNettyChannelCredentials;
import io.grpc.netty.InternalProtocolNegotiationEvent;
import io.grpc.netty.InternalProtocolNegotiator;
import io.grpc.netty.InternalProtocolNegotiators;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslContext;
import io.netty.util.AsciiString;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.openkas.websocket.ClientUpgrade;

/**
 * Opens gRPC channels inside WebSockets, as agents do with {@code ws://} and {@code wss://} (chapter 01 §2.3, §2.6).
 *
 * @param path the path of the upgrade
 * @param tls TLS without ALPN, or cleartext
 * @param headers further headers of the upgrade
 * @param random makes keys; thread-safe
 */
public record WebSocketChannels(String path, Optional<SslContext> tls, Map<String, String> headers, RandomGenerator random) {
    /** The type of the event that begins a negotiation: it has no public name. */
    private static final Class<?> NEGOTIATION = InternalProtocolNegotiationEvent.getDefault().getClass();
    private static final int HTTP_PORT = 80;
    private static final int HTTPS_PORT = 443;

    /** A channel to a host, to be built. */
    public NettyChannelBuilder to(String host, int port) {
        return NettyChannelBuilder.forAddress(host, port, InternalNettyChannelCredentials.create(new Factory(this, host + ":" + port)));
    }

    private record Factory(WebSocketChannels channels, String host) implements InternalProtocolNegotiator.ClientFactory {
        @Override
        public InternalProtocolNegotiator.ProtocolNegotiator newNegotiator() {
            return new Negotiator(channels, host);
        }

        @Override
        public int getDefaultPort() {
            return channels.tls().isPresent() ? HTTPS_PORT : HTTP_PORT;
        }
    }

    private record Negotiator(WebSocketChannels channels, String host) implements InternalProtocolNegotiator.ProtocolNegotiator {
        @Override
        public AsciiString scheme() {
            return AsciiString.of("http"); // what is inside the WebSocket is cleartext
        }

        @Override
        public ChannelHandler newHandler(GrpcHttp2ConnectionHandler grpc) {
            return InternalProtocolNegotiators.waitUntilActiveHandler(new Start(channels, host, grpc), grpc.getNegotiationLogger());
        }

        @Override
        public void close() {
            // connections end by themselves
        }
    }

    /** Waits for the connection, then begins the upgrade. */
    private static final class Start extends ChannelInboundHandlerAdapter {
        private final WebSocketChannels channels;
        private final String host;
        private final GrpcHttp2ConnectionHandler grpc;

        Start(WebSocketChannels channels, String host, GrpcHttp2ConnectionHandler grpc) {
            this.channels = channels;
            this.host = host;
            this.grpc = grpc;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (!NEGOTIATION.isInstance(event)) {
                ctx.fireUserEventTriggered(event);
                return;
            }
            channels.tls().ifPresent(tls -> ctx.pipeline().addBefore(ctx.name(), null, tls.newHandler(ctx.alloc())));
            ClientUpgrade upgrade = new ClientUpgrade(host, channels.path(), channels.headers(), channels.random(), begun -> {
                ctx.pipeline().addAfter(begun.name(), null, InternalProtocolNegotiators.grpcNegotiationHandler(grpc));
                begun.fireUserEventTriggered(event);
            });
            ctx.pipeline().addAfter(ctx.name(), null, upgrade);
            upgrade.begin(ctx.pipeline().context(upgrade));
            ctx.pipeline().remove(this);
        }
    }
}
