package org.openkas.websocket;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The HTTP/1.1 server of a connection until it becomes a WebSocket. Refused requests leave the connection open for
 * another try, as HTTP has it; who limits the time of a connection's beginning does so outside. Runs on the connection's
 * event loop.
 */
public final class HttpUpgrade extends ChannelDuplexHandler {
    private static final int MAX_LINE = 16 << 10;
    private static final int MAX_HEADERS = 64 << 10;

    private final String serverName;
    private final Duration closeWait;
    private final Runnable upgraded;
    private final HttpServerCodec codec = new HttpServerCodec(
            new HttpDecoderConfig().setMaxInitialLineLength(MAX_LINE).setMaxHeaderSize(MAX_HEADERS));
    private Optional<UpgradeDecision.Accept> accepted = Optional.empty();
    private boolean closeAfterRequest;
    private boolean idle;
    private boolean shuttingDown;

    /**
     * For one connection.
     *
     * @param serverName the {@code Server} header
     * @param closeWait see {@link WebSocketFrames}
     * @param upgraded called once {@link WebSocketFrames} has taken this handler's place; the caller adds what comes behind
     */
    public HttpUpgrade(String serverName, Duration closeWait, Runnable upgraded) {
        this.serverName = serverName;
        this.closeWait = closeWait;
        this.upgraded = upgraded;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        ctx.pipeline().addBefore(ctx.name(), null, codec);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            if (message instanceof HttpRequest request) {
                begin(ctx, request);
            }
            if (message instanceof LastHttpContent) {
                end(ctx);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    /** A request that has begun may finish, to be told that the server shuts down; an idle connection closes at once. */
    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        if (idle) {
            var _ = ctx.close(promise);
            return;
        }
        shuttingDown = true;
        ctx.channel().closeFuture().addListener(closed -> promise.trySuccess());
        var deadline = ctx.executor().schedule(() -> drop(ctx), closeWait.toNanos(), TimeUnit.NANOSECONDS);
        ctx.channel().closeFuture().addListener(closed -> deadline.cancel(false));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable failure) {
        drop(ctx);
    }

    private static void drop(ChannelHandlerContext ctx) {
        var _ = ctx.close();
    }

    private void begin(ChannelHandlerContext ctx, HttpRequest request) {
        idle = false;
        closeAfterRequest = !HttpUtil.isKeepAlive(request);
        Optional<String> objection = objection(request);
        if (objection.isPresent()) {
            String text = objection.get();
            answer(ctx, Integer.parseInt(text, 0, 3, 10), text, Map.of("Content-Type", "text/plain; charset=utf-8", "Connection", "close"));
            dropAfterAnswer(ctx); // the end of what could not be read may never be seen
            return;
        }
        switch (UpgradeRules.decide(new NettyRequest(request))) {
            case UpgradeDecision.Reject(int status, String body, Map<String, String> headers) -> answer(ctx, status, body, headers);
            case UpgradeDecision.Accept accept -> accepted = Optional.of(accept);
        }
    }

    /** What HTTP/1.1 itself forbids, as the reference's HTTP server says it: status and body in one. */
    private static Optional<String> objection(HttpRequest request) {
        int hosts = request.headers().getAll(HttpHeaderNames.HOST).size();
        if (request.decoderResult().isFailure() || hosts > 1) {
            return Optional.of("400 Bad Request");
        }
        HttpVersion version = request.protocolVersion();
        if (version.majorVersion() > 1) {
            return Optional.of("505 HTTP Version Not Supported: unsupported protocol version");
        }
        return hosts == 0 && version.compareTo(HttpVersion.HTTP_1_1) >= 0
                ? Optional.of("400 Bad Request: missing required Host header")
                : Optional.empty();
    }

    private void end(ChannelHandlerContext ctx) {
        idle = true;
        if (accepted.isPresent()) {
            upgrade(ctx, accepted.get());
        } else if (closeAfterRequest || shuttingDown) {
            dropAfterAnswer(ctx);
        }
    }

    private static void dropAfterAnswer(ChannelHandlerContext ctx) {
        ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(sent -> drop(ctx));
    }

    private void answer(ChannelHandlerContext ctx, int status, String body, Map<String, String> headers) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        var response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), Unpooled.wrappedBuffer(bytes));
        headers.forEach((name, value) -> response.headers().set(name, value));
        response.headers().set(HttpHeaderNames.SERVER, serverName).set(HttpHeaderNames.CONTENT_LENGTH, bytes.length);
        var _ = ctx.writeAndFlush(response);
    }

    private void upgrade(ChannelHandlerContext ctx, UpgradeDecision.Accept accept) {
        var response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.SWITCHING_PROTOCOLS, Unpooled.EMPTY_BUFFER);
        accept.headers().forEach((name, value) -> response.headers().set(name, value));
        response.headers().set(HttpHeaderNames.SERVER, serverName);
        var _ = ctx.writeAndFlush(response);
        codec.removeOutboundHandler(); // what is written from here on is no HTTP
        ChannelPipeline pipeline = ctx.pipeline();
        WebSocketFrames frames = new WebSocketFrames(closeWait);
        pipeline.addBefore(ctx.name(), null, frames);
        Optional<CloseReason> refusal = shuttingDown
                ? Optional.of(CloseReason.SHUTTING_DOWN)
                : UpgradeRules.checkSubprotocol(accept.subprotocol());
        if (refusal.isPresent()) {
            frames.close(refusal.get());
        } else {
            upgraded.run();
        }
        pipeline.remove(codec); // hands over what came behind the request
        pipeline.remove(this);
    }

    private record NettyRequest(HttpRequest request) implements UpgradeRequest {
        @Override
        public String method() {
            return request.method().name();
        }

        @Override
        public String version() {
            return request.protocolVersion().text();
        }

        @Override
        public List<String> headers(String name) {
            return request.headers().getAll(name);
        }
    }
}
