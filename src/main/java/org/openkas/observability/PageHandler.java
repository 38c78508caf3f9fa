package org.openkas.observability;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DateFormatter;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Date;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.openkas.common.Timers;

/**
 * Takes the requests of one connection one after the other, has them answered off the event loop, and writes the answers.
 * Request bodies are read and dropped. Runs on the connection's event loop.
 */
final class PageHandler extends ChannelInboundHandlerAdapter {
    private static final long SECONDS_TO_ANSWER = 15;
    /** Names are written as most servers do: some scripts compare them letter by letter. */
    private static final String CONNECTION = "Connection";
    private static final Page LATE = Page.failure(503, "Exceeded configured timeout of 15s.");

    private final Pages pages;
    private final RequestTimeouts timeouts;
    private final String serverName;
    private final Timers timers;
    private final Executor executor;
    private final Queue<HttpRequest> waiting = new ArrayDeque<>();
    private Optional<HttpRequest> arriving = Optional.empty();
    private boolean answering;
    private boolean closing;

    PageHandler(Pages pages, RequestTimeouts timeouts, String serverName, Timers timers, Executor executor) {
        this.pages = pages;
        this.timeouts = timeouts;
        this.serverName = serverName;
        this.timers = timers;
        this.executor = executor;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            if (closing) {
                return;
            }
            if (message instanceof HttpRequest request) {
                arriving = Optional.of(request);
            }
            // what follows a fault is not read: not even where it ends is known
            if (message instanceof LastHttpContent || arriving.flatMap(RequestFaults::of).isPresent()) {
                arriving.ifPresent(waiting::add);
                arriving = Optional.empty();
                next(ctx);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void next(ChannelHandlerContext ctx) {
        if (answering || waiting.isEmpty()) {
            return;
        }
        HttpRequest request = waiting.remove();
        answering = true;
        ctx.channel().config().setAutoRead(false);
        timeouts.requested(ctx);
        Optional<Page> fault = RequestFaults.of(request);
        if (fault.isPresent()) {
            closing = true;
            write(ctx, request, fault.get());
            return;
        }
        answer(ctx, request);
    }

    private void answer(ChannelHandlerContext ctx, HttpRequest request) {
        Once once = new Once(ctx, request);
        Future<?> late = ctx.executor().schedule(() -> once.write(LATE), SECONDS_TO_ANSWER, TimeUnit.SECONDS);
        String target = request.uri();
        executor.execute(() -> {
            Page page = pages.at(target);
            ctx.executor().execute(() -> {
                late.cancel(false);
                once.write(page);
            });
        });
    }

    /** The page or the word that it is late, whatever comes first. */
    private final class Once {
        private final ChannelHandlerContext ctx;
        private final HttpRequest request;
        private boolean written;

        Once(ChannelHandlerContext ctx, HttpRequest request) {
            this.ctx = ctx;
            this.request = request;
        }

        void write(Page page) {
            if (!written) {
                written = true;
                PageHandler.this.write(ctx, request, page);
            }
        }
    }

    private void write(ChannelHandlerContext ctx, HttpRequest request, Page page) {
        boolean keep = !closing && HttpUtil.isKeepAlive(request);
        FullHttpResponse response = response(request, page);
        if (!keep) {
            response.headers().set(CONNECTION, "close");
        } else if (request.protocolVersion().minorVersion() == 0) {
            response.headers().set(CONNECTION, "keep-alive");
        }
        var _ = ctx.writeAndFlush(response).addListener(done -> {
            if (!keep || !done.isSuccess()) {
                var _ = ctx.close();
                return;
            }
            answering = false;
            timeouts.answered(ctx);
            ctx.channel().config().setAutoRead(true);
            next(ctx);
        });
    }

    private FullHttpResponse response(HttpRequest request, Page page) {
        byte[] body = page.body().getBytes(StandardCharsets.UTF_8);
        boolean head = HttpMethod.HEAD.equals(request.method());
        FullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(page.status()),
                head ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(body));
        page.headers().forEach(response.headers()::set);
        response.headers().set("Date", DateFormatter.format(Date.from(timers.now())));
        response.headers().set("Content-Length", body.length);
        if (page.named()) {
            response.headers().set("Server", serverName);
        }
        return response;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event != Stop.NOW) {
            ctx.fireUserEventTriggered(event);
            return;
        }
        closing = true;
        if (!answering) {
            var _ = ctx.close();
        }
    }

    /** Sent through the pipeline when the listener stops: the connection ends with the answer under way, or at once. */
    enum Stop {
        NOW
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // a client that went away or does not speak our language: nothing to tell an operator
        var _ = ctx.close();
    }
}
