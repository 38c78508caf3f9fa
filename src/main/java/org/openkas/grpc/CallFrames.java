package org.openkas.grpc;

import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Stands between HTTP/2 and gRPC: answers requests that are no calls as the reference does (see {@link RequestHeaders}), keeps
 * from gRPC what it stumbles over, and tells a client whose call is answered before it has sent everything that the rest is
 * not wanted (chapter 01 §3.10). Runs on the connection's event loop.
 */
final class CallFrames extends Http2FrameListenerDecorator {
    private final GrpcHttp2ConnectionHandler grpc;
    /** What belongs to a call from its headers on: its {@link MessagePrefixes}. */
    private final Http2Connection.PropertyKey begun;

    private CallFrames(GrpcHttp2ConnectionHandler grpc, Http2FrameListener calls) {
        super(calls);
        this.grpc = grpc;
        begun = grpc.connection().newKey();
    }

    /** Takes its place in a connection that has not read anything yet; {@code ctx} is the one of the handler. */
    static void govern(GrpcHttp2ConnectionHandler grpc, ChannelHandlerContext ctx) {
        grpc.decoder().frameListener(new CallFrames(grpc, grpc.decoder().frameListener()));
        grpc.connection().addListener(new Http2ConnectionAdapter() {
            @Override
            public void onStreamHalfClosed(Http2Stream stream) {
                if (stream.state() == Http2Stream.State.HALF_CLOSED_LOCAL) {
                    var _ = grpc.resetStream(ctx, stream.id(), Http2Error.NO_ERROR.code(), ctx.newPromise());
                }
            }
        });
    }

    @Override
    public void onHeadersRead(ChannelHandlerContext ctx, int id, Http2Headers headers, int padding, boolean last) throws Http2Exception {
        if (accepted(ctx, id, headers, last)) {
            super.onHeadersRead(ctx, id, headers, padding, last);
        }
    }

    @Override
    public void onHeadersRead(ChannelHandlerContext ctx, int id, Http2Headers headers, int dependency, short weight, boolean exclusive,
            int padding, boolean last) throws Http2Exception {
        if (accepted(ctx, id, headers, last)) {
            super.onHeadersRead(ctx, id, headers, dependency, weight, exclusive, padding, last);
        }
    }

    /** Empty frames say nothing, and two before a message make gRPC's reader fail. */
    @Override
    public int onDataRead(ChannelHandlerContext ctx, int id, ByteBuf data, int padding, boolean last) throws Http2Exception {
        if (!data.isReadable() && !last) {
            return padding;
        }
        Http2Stream stream = grpc.connection().stream(id);
        MessagePrefixes messages = stream == null ? null : stream.getProperty(begun);
        Optional<RequestHeaders.Refusal> refusal = messages == null ? Optional.empty() : messages.objection(data);
        if (refusal.isPresent() && stream != null) {
            // first gRPC forgets the call, so that it says nothing itself
            super.onRstStreamRead(ctx, id, Http2Error.CANCEL.code());
            refuse(ctx, stream, refusal.get());
            return data.readableBytes() + padding;
        }
        return super.onDataRead(ctx, id, data, padding, last);
    }

    private boolean accepted(ChannelHandlerContext ctx, int id, Http2Headers headers, boolean last) throws Http2Exception {
        Http2Stream stream = grpc.connection().stream(id);
        if (stream == null) {
            return true;
        }
        if (stream.getProperty(begun) != null) {
            // trailers: all that a call has to know of them is that they are the end
            super.onDataRead(ctx, id, Unpooled.EMPTY_BUFFER, 0, last);
            return false;
        }
        stream.setProperty(begun, new MessagePrefixes(RequestHeaders.compressible(headers), ConnectionPolicy.STANDARD.maxMessageBytes(),
                ConnectionPolicy.STANDARD.readableMessageBytes()));
        Optional<RequestHeaders.Refusal> refusal = RequestHeaders.refusal(headers);
        refusal.ifPresent(answer -> refuse(ctx, stream, answer));
        CharSequence encoding = headers.get(RequestHeaders.ENCODING);
        if (encoding != null && encoding.isEmpty()) {
            // which is as good as none, but not for gRPC
            headers.remove(RequestHeaders.ENCODING);
        }
        return refusal.isEmpty();
    }

    private void refuse(ChannelHandlerContext ctx, Http2Stream stream, RequestHeaders.Refusal refusal) {
        Http2Headers answer = new DefaultHttp2Headers(false);
        if (!stream.isHeadersSent()) {
            answer.status(Integer.toString(refusal.http())).set("content-type", RequestHeaders.CONTENT_TYPE);
        }
        answer.set("grpc-status", Integer.toString(refusal.grpc())).set("grpc-message", percent(refusal.text()));
        var _ = grpc.encoder().writeHeaders(ctx, stream.id(), answer, 0, true, ctx.newPromise());
        ctx.flush();
    }

    /** As gRPC writes texts into headers. */
    private static String percent(String text) {
        StringBuilder out = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            if (b >= ' ' && b <= '~' && b != '%') {
                out.append((char) b);
            } else {
                out.append(String.format("%%%02X", b));
            }
        }
        return out.toString();
    }
}
