package org.openkas.testkit;

import io.grpc.ManagedChannel;
import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.InternalNettyChannelCredentials;
import io.grpc.netty.InternalProtocolNegotiator;
import io.grpc.netty.InternalProtocolNegotiators;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameEncoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import javax.net.ssl.SSLException;

/** gRPC channels to a server on the loopback, the four ways in which agents open them. */
public final class AgentChannels {
    private static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";
    private static final String ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    private AgentChannels() {
    }

    /** {@code grpc://}. */
    public static ManagedChannel grpc(int port) {
        return NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
    }

    /** {@code grpcs://}; the certificate is not checked. */
    public static ManagedChannel grpcs(int port) throws SSLException {
        SslContext context = GrpcSslContexts
                .configure(SslContextBuilder.forClient().trustManager(InsecureTrustManagerFactory.INSTANCE), SslProvider.JDK)
                .build();
        return NettyChannelBuilder.forAddress("127.0.0.1", port).sslContext(context).overrideAuthority("localhost").build();
    }

    /** {@code ws://}, with further lines of name and value in the upgrade. */
    public static ManagedChannel ws(int port, String... headers) {
        return websocket(port, new Negotiator(null, headers));
    }

    /** {@code wss://}, without ALPN as agents do it; the certificate is not checked. */
    public static ManagedChannel wss(int port, String... headers) throws SSLException {
        SslContext context = SslContextBuilder.forClient().trustManager(InsecureTrustManagerFactory.INSTANCE).sslProvider(SslProvider.JDK)
                .build();
        return websocket(port, new Negotiator(context, headers));
    }

    private static ManagedChannel websocket(int port, Negotiator negotiator) {
        return NettyChannelBuilder.forAddress("127.0.0.1", port, InternalNettyChannelCredentials.create(new Factory(negotiator)))
                .overrideAuthority("ws:%2F%2Fkas.test%2F-%2Fkubernetes-agent%2F").build();
    }

    private record Factory(Negotiator negotiator) implements InternalProtocolNegotiator.ClientFactory {
        @Override
        public InternalProtocolNegotiator.ProtocolNegotiator newNegotiator() {
            return negotiator;
        }

        @Override
        public int getDefaultPort() {
            return 80;
        }
    }

    private record Negotiator(SslContext tls, String[] headers) implements InternalProtocolNegotiator.ProtocolNegotiator {
        @Override
        public AsciiString scheme() {
            return AsciiString.of("http");
        }

        @Override
        public ChannelHandler newHandler(GrpcHttp2ConnectionHandler grpc) {
            return InternalProtocolNegotiators.waitUntilActiveHandler(new Handshake(this, grpc), grpc.getNegotiationLogger());
        }

        @Override
        public void close() {
        }
    }

    private static final class Handshake extends ChannelInboundHandlerAdapter {
        private final Negotiator negotiator;
        private final GrpcHttp2ConnectionHandler grpc;
        private final HttpClientCodec codec = new HttpClientCodec();
        private Object event;

        private Handshake(Negotiator negotiator, GrpcHttp2ConnectionHandler grpc) {
            this.negotiator = negotiator;
            this.grpc = grpc;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object triggered) {
            if (event != null || !triggered.getClass().getName().contains("ProtocolNegotiationEvent")) {
                ctx.fireUserEventTriggered(triggered);
                return;
            }
            event = triggered;
            if (negotiator.tls() != null) {
                ctx.pipeline().addBefore(ctx.name(), null, negotiator.tls().newHandler(ctx.alloc()));
            }
            ctx.pipeline().addBefore(ctx.name(), null, codec);
            ctx.pipeline().addBefore(ctx.name(), "aggregator", new HttpObjectAggregator(65536));
            var request = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/-/kubernetes-agent/", Unpooled.EMPTY_BUFFER);
            request.headers().set("Host", "kas.test").set("Connection", "Upgrade").set("Upgrade", "websocket")
                    .set("Sec-WebSocket-Version", "13")
                    .set("Sec-WebSocket-Key", KEY).set("Sec-WebSocket-Protocol", "ws-tunnel");
            for (int i = 0; i < negotiator.headers().length; i += 2) {
                request.headers().set(negotiator.headers()[i], negotiator.headers()[i + 1]);
            }
            ctx.writeAndFlush(request);
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (!(message instanceof FullHttpResponse response)) {
                ctx.fireChannelRead(message);
                return;
            }
            boolean accepted = response.status().code() == 101 && ACCEPT.equals(response.headers().get("Sec-WebSocket-Accept"))
                    && "ws-tunnel".equals(response.headers().get("Sec-WebSocket-Protocol"))
                    && !response.headers().contains("Sec-WebSocket-Extensions");
            String text = response.toString();
            response.release();
            if (!accepted) {
                ctx.fireExceptionCaught(new IOException("no upgrade: " + text));
                return;
            }
            ChannelPipeline pipeline = ctx.pipeline();
            pipeline.addBefore(ctx.name(), null, new WebSocket13FrameDecoder(
                    WebSocketDecoderConfig.newBuilder().expectMaskedFrames(false).maxFramePayloadLength(10 << 20).withUTF8Validator(false)
                            .build()));
            pipeline.addBefore(ctx.name(), null, new WebSocket13FrameEncoder(true));
            pipeline.addBefore(ctx.name(), null, new FromFrames());
            pipeline.addBefore(ctx.name(), null, new ToFrames());
            pipeline.addAfter(ctx.name(), null, InternalProtocolNegotiators.grpcNegotiationHandler(grpc));
            pipeline.remove("aggregator");
            codec.removeOutboundHandler();
            ctx.fireUserEventTriggered(event);
            pipeline.remove(this);
            pipeline.remove(codec);
        }
    }

    private static final class FromFrames extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            switch (message) {
                case BinaryWebSocketFrame frame -> ctx.fireChannelRead(frame.content());
                case ContinuationWebSocketFrame frame -> ctx.fireChannelRead(frame.content());
                case CloseWebSocketFrame frame -> ctx.writeAndFlush(frame).addListener(sent -> ctx.close());
                default -> ReferenceCountUtil.release(message);
            }
        }
    }

    private static final class ToFrames extends ChannelOutboundHandlerAdapter {
        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            ctx.write(message instanceof ByteBuf bytes ? new BinaryWebSocketFrame(bytes) : message, promise);
        }
    }
}
