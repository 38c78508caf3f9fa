package org.openkas.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** One connection to {@link FakeGitLab}: hands requests over and carries out what becomes of them. */
final class FakeGitLabConnection extends SimpleChannelInboundHandler<FullHttpRequest> {
    private final FakeGitLab gitLab;

    FakeGitLabConnection(FakeGitLab gitLab) {
        this.gitLab = gitLab;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
        GitLabAnswer answer = gitLab.answer(seen(request));
        boolean keepAlive = HttpUtil.isKeepAlive(request);
        context.executor().schedule(() -> carryOut(context, answer, keepAlive), answer.delay().toMillis(), TimeUnit.MILLISECONDS);
    }

    private static GitLabRequestSeen seen(FullHttpRequest request) {
        Map<String, List<String>> headers = new TreeMap<>();
        request.headers().names().forEach(name -> headers.put(name.toLowerCase(Locale.ROOT), request.headers().getAll(name)));
        String[] target = request.uri().split("\\?", 2);
        return new GitLabRequestSeen(request.method().name(), target[0], target.length == 2 ? target[1] : "", headers,
                ByteBufUtil.getBytes(request.content()), System.nanoTime());
    }

    private static void carryOut(ChannelHandlerContext context, GitLabAnswer answer, boolean keepAlive) {
        switch (answer.fate()) {
            case COMPLETE -> {
                DefaultFullHttpResponse whole = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1,
                        HttpResponseStatus.valueOf(answer.status()),
                        Unpooled.wrappedBuffer(answer.body()));
                head(whole, answer);
                HttpUtil.setKeepAlive(whole, keepAlive);
                context.writeAndFlush(whole);
            }
            case HALF -> half(context, answer).addListener(done -> context.close());
            case STALL -> half(context, answer);
            case HANG_UP -> context.close();
            case RESET -> {
                context.channel().config().setOption(ChannelOption.SO_LINGER, 0);
                context.close();
            }
        }
    }

    private static ChannelFuture half(ChannelHandlerContext context, GitLabAnswer answer) {
        HttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(answer.status()));
        head(head, answer);
        context.write(head);
        ByteBuf half = Unpooled.wrappedBuffer(answer.body(), 0, answer.body().length / 2);
        return context.writeAndFlush(new io.netty.handler.codec.http.DefaultHttpContent(half));
    }

    private static void head(HttpResponse response, GitLabAnswer answer) {
        answer.headers().forEach(header -> response.headers().add(header.getKey(), header.getValue()));
        if (answer.status() != 204) {
            HttpUtil.setContentLength(response, answer.body().length);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }
}
