package org.openkas.websocket;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameEncoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.util.Base64;
import java.util.Map;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * An agent's side of the upgrade (chapter 01 §2.3): asks for it when told to begin, and once it is granted leaves handlers in
 * its place that put bytes into messages and take them out. Runs on the connection's event loop.
 */
public final class ClientUpgrade extends ChannelInboundHandlerAdapter {
    private static final int MAX_ANSWER = 64 << 10;

    private final String host;
    private final String path;
    private final Map<String, String> headers;
    private final Consumer<ChannelHandlerContext> upgraded;
    private final String key;
    private final HttpClientCodec codec = new HttpClientCodec();
    private final HttpObjectAggregator whole = new HttpObjectAggregator(MAX_ANSWER);

    /**
     * For one connection.
     *
     * @param host the {@code Host} header
     * @param path the path, with its slash
     * @param headers further headers of the request
     * @param upgraded called when bytes can flow; adds what comes behind, before this handler goes
     */
    public ClientUpgrade(String host, String path, Map<String, String> headers, RandomGenerator random,
            Consumer<ChannelHandlerContext> upgraded) {
        this.host = host;
        this.path = path;
        this.headers = Map.copyOf(headers);
        this.upgraded = upgraded;
        byte[] nonce = new byte[16];
        random.nextBytes(nonce);
        key = Base64.getEncoder().encodeToString(nonce);
    }

    /** Asks for the upgrade; TLS, if any, stands in front already. */
    public void begin(ChannelHandlerContext ctx) {
        ctx.pipeline().addBefore(ctx.name(), null, codec);
        ctx.pipeline().addBefore(ctx.name(), null, whole);
        var request = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, path, Unpooled.EMPTY_BUFFER);
        request.headers().set("Host", host).set("Connection", "Upgrade").set("Upgrade", "websocket").set("Sec-WebSocket-Version", "13")
                .set("Sec-WebSocket-Key", key).set("Sec-WebSocket-Protocol", UpgradeRules.SUBPROTOCOL);
        headers.forEach((name, value) -> request.headers().set(name, value));
        var _ = ctx.writeAndFlush(request);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!(message instanceof FullHttpResponse response)) {
            ctx.fireChannelRead(message);
            return;
        }
        boolean granted = response.status().code() == 101
                && UpgradeRules.acceptKey(key).equals(response.headers().get("Sec-WebSocket-Accept"))
                && UpgradeRules.SUBPROTOCOL.equals(response.headers().get("Sec-WebSocket-Protocol"))
                && !response.headers().contains("Sec-WebSocket-Extensions");
        String answer = response.status().toString();
        response.release();
        if (!granted) {
            ctx.fireExceptionCaught(new IOException("the server did not upgrade the connection to an agent's WebSocket: " + answer));
            return;
        }
        ChannelPipeline pipeline = ctx.pipeline();
        pipeline.addBefore(ctx.name(), null, new WebSocket13FrameDecoder(WebSocketDecoderConfig.newBuilder().expectMaskedFrames(false)
                .maxFramePayloadLength(CloseReason.MAX_MESSAGE_BYTES).withUTF8Validator(false).build()));
        pipeline.addBefore(ctx.name(), null, new WebSocket13FrameEncoder(true));
        pipeline.addBefore(ctx.name(), null, new FromFrames());
        pipeline.addBefore(ctx.name(), null, new ToFrames());
        pipeline.remove(whole);
        codec.removeOutboundHandler();
        upgraded.accept(ctx);
        pipeline.remove(this);
        pipeline.remove(codec); // hands over what came behind the answer
    }

    private static final class FromFrames extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            switch (message) {
                case BinaryWebSocketFrame frame -> ctx.fireChannelRead(frame.content());
                case ContinuationWebSocketFrame frame -> ctx.fireChannelRead(frame.content());
                case PingWebSocketFrame frame -> {
                    var _ = ctx.writeAndFlush(new PongWebSocketFrame(frame.content()));
                }
                case CloseWebSocketFrame frame -> ctx.writeAndFlush(frame).addListener(ChannelFutureListener.CLOSE);
                default -> ReferenceCountUtil.release(message);
            }
        }
    }

    private static final class ToFrames extends ChannelOutboundHandlerAdapter {
        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            var _ = ctx.write(message instanceof ByteBuf bytes ? new BinaryWebSocketFrame(bytes) : message, promise);
        }
    }
}
