package org.openkas.grpc;

import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.InternalProtocolNegotiationEvent;
import io.grpc.netty.InternalProtocolNegotiators;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.openkas.net.CarefulReads;
import org.openkas.net.PacedReading;
import org.openkas.net.Security;

import org.openkas.websocket.HttpUpgrade;

/**
 * The first moments of one connection: TLS, then HTTP/2 or a WebSocket that carries it, within the time that the policy
 * grants (chapter 01 §2.1). Runs on the connection's event loop.
 */
final class ConnectionStart extends ChannelInboundHandlerAdapter {
    private static final String HTTP2 = "h2";

    private final Admission admission;
    private final ListenerRuntime runtime;
    private final GrpcHttp2ConnectionHandler grpc;
    private Optional<CallPace> pace = Optional.empty();
    private boolean established;

    ConnectionStart(Admission admission, ListenerRuntime runtime, GrpcHttp2ConnectionHandler grpc) {
        this.admission = admission;
        this.runtime = runtime;
        this.grpc = grpc;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        if (!admission.admits().test(ctx.channel().remoteAddress())) {
            var _ = ctx.close();
        }
        StreamWindows.govern(grpc.connection());
        CallPace calls = new CallPace(ctx.executor(), runtime.executor());
        pace = Optional.of(calls);
        grpc.connection().addListener(new Http2ConnectionAdapter() {
            @Override
            public void onStreamAdded(Http2Stream stream) {
                calls.begins();
            }
        });
        ctx.pipeline().addFirst(new PacedReading(calls));
        // 64 KiB can hold hundreds of calls
        RecvByteBufAllocator reads = ctx.channel().config().getRecvByteBufAllocator();
        ctx.channel().config().setRecvByteBufAllocator(new CarefulReads(reads, calls::careful));
        var deadline = ctx.executor().schedule(() -> dropUnestablished(ctx.channel()), admission.policy().handshake().toNanos(),
                TimeUnit.NANOSECONDS);
        ctx.channel().closeFuture().addListener(closed -> deadline.cancel(false));
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event.equals(InternalProtocolNegotiationEvent.getDefault())) {
            switch (admission.security()) {
                case Security.Plain() -> open(ctx);
                case Security.Tls(var context) -> ctx.pipeline().addBefore(ctx.name(), null, context.newHandler(ctx.alloc()));
            }
        } else if (event instanceof SslHandshakeCompletionEvent handshake) {
            if (handshake.isSuccess()) {
                open(ctx);
            } else {
                var _ = ctx.close();
            }
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable failure) {
        var _ = ctx.close(); // a peer that goes away, or no TLS where TLS was expected: nothing to tell anybody
    }

    private void open(ChannelHandlerContext ctx) {
        SslHandler ssl = ctx.pipeline().get(SslHandler.class);
        switch (admission.opening()) {
            case Opening.Http2() -> speakHttp2(ctx);
            case Opening.Http2OrWebSocket(String serverName) when ssl != null ->
                decided(ctx, serverName, HTTP2.equals(ssl.applicationProtocol()));
            case Opening.Http2OrWebSocket(String serverName) -> ctx.pipeline().addBefore(ctx.name(), null,
                    new Http2Preface(http2 -> decided(ctx, serverName, http2)));
        }
    }

    private void decided(ChannelHandlerContext ctx, String serverName, boolean http2) {
        if (http2) {
            speakHttp2(ctx);
        } else {
            ctx.pipeline().addBefore(ctx.name(), null, new HttpUpgrade(serverName, admission.policy().closing(), () -> speakHttp2(ctx)));
        }
    }

    private void speakHttp2(ChannelHandlerContext ctx) {
        ChannelPipeline pipeline = ctx.pipeline();
        LongSupplier nanos = runtime.timers()::nanos;
        FrameGuard guard = new FrameGuard(new FrameBudget(nanos, admission.policy().maxResets()), new PingPolicy(nanos, admission.policy().clientPingSpacing()),
                () -> established = true, this::punish);
        ChannelHandler next = InternalProtocolNegotiators.grpcNegotiationHandler(grpc);
        pipeline.addAfter(ctx.name(), null, next);
        pipeline.addAfter(ctx.name(), null, guard);
        pipeline.addAfter(ctx.name(), null, new ResetsLeave(grpc.connection()));
        ctx.fireUserEventTriggered(
                InternalProtocolNegotiationEvent.withAttributes(InternalProtocolNegotiationEvent.getDefault(), attributes(ctx)));
        ChannelHandlerContext behind = pipeline.context(grpc);
        if (behind != null) {
            pipeline.addAfter(behind.name(), null, new GracefulStop());
            CallFrames.govern(grpc, behind);
        }
        pipeline.remove(this);
    }

    private void punish(ChannelHandlerContext guard, String complaint) {
        ChannelHandlerContext behind = guard.pipeline().context(grpc);
        if (behind != null) {
            grpc.onError(behind, false, Http2Exception.connectionError(Http2Error.ENHANCE_YOUR_CALM, "%s", complaint));
            behind.flush();
        }
        // a peer that does not even read its GOAWAY
        var deadline = guard.executor().schedule(() -> drop(guard.channel()), admission.policy().closing().toNanos(), TimeUnit.NANOSECONDS);
        guard.channel().closeFuture().addListener(closed -> deadline.cancel(false));
    }

    private void dropUnestablished(Channel channel) {
        if (!established) {
            drop(channel);
        }
    }

    /** Past all handlers, which would try to be polite. */
    private static void drop(Channel channel) {
        channel.unsafe().close(channel.voidPromise());
    }

    private Attributes attributes(ChannelHandlerContext ctx) {
        Attributes.Builder attributes = Attributes.newBuilder()
                .set(Grpc.TRANSPORT_ATTR_LOCAL_ADDR, ctx.channel().localAddress())
                .set(Grpc.TRANSPORT_ATTR_REMOTE_ADDR, ctx.channel().remoteAddress());
        SslHandler ssl = ctx.pipeline().get(SslHandler.class);
        if (ssl != null) {
            attributes.set(Grpc.TRANSPORT_ATTR_SSL_SESSION, ssl.engine().getSession());
        }
        pace.ifPresent(calls -> attributes.set(CallPace.OF_CONNECTION, calls));
        return attributes.build();
    }
}
