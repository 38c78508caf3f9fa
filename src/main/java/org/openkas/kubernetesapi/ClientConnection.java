package org.openkas.kubernetesapi;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.EventExecutor;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * One client's connection: takes its requests one after the other and reads from the socket only what can be handed on
 * (chapter 03 §2, §14). Runs on the connection's event loop.
 */
final class ClientConnection extends ChannelInboundHandlerAdapter {
    private static final Duration HEADER_TIME = Duration.ofSeconds(10);
    private static final Duration IDLE_TIME = Duration.ofSeconds(60);
    private static final Duration DROP_TIME = Duration.ofSeconds(5);
    private static final Duration UPGRADED_WRITE_TIME = Duration.ofSeconds(20);
    private static final Duration LINGER_TIME = Duration.ofMillis(500);
    private static final long MOST_DROPPED = 256 << 10;
    /** How far a client may run ahead of the request that is being answered; beyond it, that it went away shows late. */
    private static final int MOST_AHEAD = 64 << 10;
    private static final int MOST_WAITING = 64;

    private final Proxy proxy;
    private final RequestDecoder decoder;
    private final ResponseEncoder encoder = new ResponseEncoder();
    /** What one read of the socket brought and nobody has taken yet. */
    private final Queue<Object> inbox = new ArrayDeque<>();
    private @Nullable ChannelHandlerContext context;
    private @Nullable Deadline deadline;
    private @Nullable ResetWatch resetWatch;
    private @Nullable Exchange exchange;
    private State state = State.IDLE;
    private @Nullable ChannelFuture lastWrite;
    private boolean fresh = true;
    private boolean headerBegun;
    private boolean inputClosed;
    private boolean halfCloseTold;
    private boolean bodyComplete;
    private boolean switching;
    private boolean stopping;
    private boolean pumping;
    private long dropped;
    private int ahead;
    private int upgradedWrites;

    private enum State {
        /** Between requests. */
        IDLE,
        /** A request is being answered. */
        EXCHANGE,
        /** A request was answered; the rest of its body is dropped, and the connection goes on. */
        DROPPING,
        /** As before, but the connection ends. */
        LEAVING,
        /** Nothing is read any more; the connection ends when everything that was written is out. */
        ENDING,
        /** The connection carries another protocol. */
        UPGRADED,
        /** Over. */
        CLOSED
    }

    /** Sent through the pipeline when the listener stops: the connection ends with the answer under way, or at once. */
    enum Stop {
        NOW
    }

    ClientConnection(Proxy proxy) {
        this.proxy = proxy;
        decoder = new RequestDecoder(this::bytesArrived);
    }

    /** Puts this connection's handlers at the end of its pipeline. */
    void install(io.netty.channel.ChannelPipeline pipeline) {
        // status, headers and body that come together leave together
        pipeline.addLast(new FlushConsolidationHandler(FlushConsolidationHandler.DEFAULT_EXPLICIT_FLUSH_AFTER_FLUSHES, true));
        pipeline.addLast(decoder);
        pipeline.addLast(encoder);
        pipeline.addLast(this);
    }

    private ChannelHandlerContext ctx() {
        return java.util.Objects.requireNonNull(context);
    }

    private Deadline deadline() {
        return java.util.Objects.requireNonNull(deadline);
    }

    private ResetWatch resetWatch() {
        return java.util.Objects.requireNonNull(resetWatch);
    }

    private ChannelFuture lastWrite() {
        return java.util.Objects.requireNonNull(lastWrite);
    }

    private Exchange exchange() {
        return java.util.Objects.requireNonNull(exchange);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        deadline = new Deadline(proxy.timers(), ctx.executor());
        resetWatch = new ResetWatch(ctx.channel(), new Deadline(proxy.timers(), ctx.executor()), this::close);
        if (ctx.channel().isActive()) {
            connected();
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        connected();
    }

    private void connected() {
        deadline().arm(HEADER_TIME, this::close);
        pump();
    }

    /** The header of the next request has begun to come. */
    private void bytesArrived(int count) {
        if (state == State.IDLE) {
            headerBegun = true;
            if (!fresh) {
                fresh = true;
                deadline().arm(HEADER_TIME, this::close);
            }
        } else if (state == State.EXCHANGE && bodyComplete) {
            ahead += count;
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (state == State.CLOSED) {
            ReferenceCountUtil.release(message);
        } else {
            inbox.add(message);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        pump();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent || event instanceof SslCloseCompletionEvent) {
            inputClosed = true;
            pump();
        } else if (event == Stop.NOW) {
            stopping = true;
            if (state == State.IDLE && !headerBegun) {
                end();
            }
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (!ctx.channel().isWritable()) {
            return;
        }
        if (exchange != null) {
            exchange.writable();
        } else {
            pump();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        closed();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // a client that went away or does not speak our language: nothing to tell an operator
        close();
    }

    /** Moves what can be moved. Called whenever something may have become possible. */
    void pump() {
        if (pumping) {
            return;
        }
        pumping = true;
        try {
            boolean more = true;
            while (more) {
                more = step();
            }
        } finally {
            pumping = false;
        }
    }

    /** Whether there may be more to do. */
    private boolean step() {
        return switch (state) {
            case IDLE -> nextRequest();
            case EXCHANGE -> bodyComplete ? watch() : nextOfBody();
            case DROPPING, LEAVING -> drop();
            case UPGRADED -> nextBytes();
            case ENDING, CLOSED -> false;
        };
    }

    private boolean nextRequest() {
        if (!isWritable()) {
            // whoever does not read answers gets no more of them
            return false;
        }
        Object next = inbox.poll();
        switch (next) {
            case null -> readOr(this::close);
            case HttpRequest request -> {
                deadline().disarm();
                fresh = false;
                headerBegun = false;
                ahead = 0;
                bodyComplete = false;
                state = State.EXCHANGE;
                exchange = new Exchange(this, proxy);
                exchange.begin(request);
                return true;
            }
            default -> {
                ReferenceCountUtil.release(next);
                return true;
            }
        }
        return false;
    }

    private boolean nextOfBody() {
        if (!(inbox.peek() instanceof HttpContent next)) {
            if (inputClosed) {
                exchange().brokenBody("unexpected EOF");
                return true;
            }
            ctx().read();
            return false;
        }
        boolean last = next instanceof LastHttpContent;
        if (next.decoderResult().isFailure()) {
            ReferenceCountUtil.release(inbox.remove());
            exchange().brokenBody("malformed chunked encoding");
            return true;
        }
        if (next.content().isReadable() && !exchange().wantsBody()) {
            return false;
        }
        inbox.remove();
        try {
            if (next.content().isReadable()) {
                exchange().body(next.content());
            }
        } finally {
            next.release();
        }
        if (last && state == State.EXCHANGE) {
            bodyComplete = true;
            exchange().bodyEnded();
        }
        return true;
    }

    /** While a request is answered the client may go away; further requests, or early bytes of an upgrade, wait. */
    private boolean watch() {
        if (inbox.size() < MOST_WAITING && ahead < MOST_AHEAD) {
            readOr(switching ? () -> {
            } : this::close);
        }
        return false;
    }

    private boolean drop() {
        if (dropped > MOST_DROPPED) {
            return false;
        }
        Object next = inbox.poll();
        if (next == null) {
            readOr(this::end);
            return false;
        }
        if (next instanceof HttpContent content) {
            dropped += content.content().readableBytes();
        }
        ReferenceCountUtil.release(next);
        if (next instanceof LastHttpContent content) {
            if (state == State.LEAVING || content.decoderResult().isFailure()) {
                end();
            } else {
                idle();
            }
        } else if (dropped > MOST_DROPPED) {
            // closing with unread bytes resets the connection: the client gets a moment to take its answer
            state = State.LEAVING;
            deadline().armAfter(lastWrite(), LINGER_TIME, this::close);
        }
        return true;
    }

    private boolean nextBytes() {
        if (inbox.isEmpty()) {
            if (!inputClosed) {
                ctx().read();
            } else if (!halfCloseTold) {
                halfCloseTold = true;
                exchange().halfClosed();
                resetWatch().start();
            }
            return false;
        }
        if (!exchange().wantsBytes()) {
            return false;
        }
        Object next = inbox.remove();
        try {
            if (next instanceof ByteBuf bytes) {
                exchange().bytes(bytes);
            }
        } finally {
            ReferenceCountUtil.release(next);
        }
        return true;
    }

    private void readOr(Runnable ended) {
        if (inputClosed) {
            ended.run();
        } else {
            ctx().read();
        }
    }

    // what exchanges use

    EventExecutor loop() {
        return ctx().executor();
    }

    boolean isWritable() {
        return ctx().channel().isWritable();
    }

    /** The client has said that it sends no more, in the middle of a body. */
    boolean bodyCutShort() {
        return inputClosed && !bodyComplete && inbox.isEmpty();
    }

    boolean isStopping() {
        return stopping;
    }

    boolean bodyComplete() {
        return bodyComplete;
    }

    /** Asks the client for the body that it holds back. */
    void writeContinue() {
        var _ = ctx().writeAndFlush(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER));
    }

    /** Status and headers; {@code bodiless} if no body follows whatever the headers say. */
    void writeHead(HttpResponse head, boolean bodiless) {
        encoder.bodiless(bodiless);
        var _ = ctx().writeAndFlush(head).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    }

    /** A part of a body. */
    void writeBody(ByteBuf bytes) {
        var _ = ctx().writeAndFlush(new DefaultHttpContent(bytes)).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    }

    /**
     * Ends the answer.
     *
     * @param keep whether the connection may go on, as the answer said
     */
    void finish(boolean keep) {
        exchange = null;
        lastWrite = ctx().writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
        if (!keep || !refuseUpgrade()) {
            leave();
        } else {
            if (bodyComplete) {
                idle();
            } else {
                dropped = 0;
                state = State.DROPPING;
                deadline().armAfter(lastWrite(), IDLE_TIME, this::close);
            }
        }
        pump();
    }

    private void leave() {
        if (bodyComplete) {
            end();
            return;
        }
        state = State.LEAVING;
        dropped = 0;
        // a client that is still sending would otherwise lose the answer to a reset
        deadline().armAfter(lastWrite(), DROP_TIME, this::close);
        lastWrite().addListener(done -> shutOutput());
    }

    private void shutOutput() {
        SslHandler tls = ctx().pipeline().get(SslHandler.class);
        if (tls != null) {
            var _ = tls.closeOutbound();
        } else if (ctx().channel() instanceof DuplexChannel channel) {
            var _ = channel.shutdownOutput();
        }
    }

    /** Closes when the last answer is out, however slowly its client reads. */
    private void end() {
        state = State.ENDING;
        deadline().disarm();
        if (lastWrite == null) {
            close();
        } else {
            lastWrite.addListener(done -> close());
        }
    }

    /**
     * The upgrade that the client asked for is refused: what it sends from now on is HTTP.
     *
     * @return false if it has sent something early, which may be anything: the connection cannot go on
     */
    boolean refuseUpgrade() {
        if (decoder.holdsBytes()) {
            return false;
        }
        decoder.resume();
        return true;
    }

    private void idle() {
        if (stopping) {
            end();
            return;
        }
        state = State.IDLE;
        deadline().armAfter(lastWrite(), IDLE_TIME, this::close);
    }

    /** The client is told that its upgrade is granted: from here on it may half-close and is still there. */
    void grantUpgrade() {
        switching = true;
    }

    /** Turns the connection into one that carries bytes. */
    void takeOver() {
        state = State.UPGRADED;
        ctx().pipeline().remove(encoder);
        // hands on what the client sent early
        ctx().pipeline().remove(decoder);
        pump();
    }

    /** Bytes of an upgraded connection. Each write may take 20 s. */
    void writeBytes(ByteBuf bytes) {
        if (upgradedWrites++ == 0) {
            deadline().arm(UPGRADED_WRITE_TIME, this::close);
        }
        var _ = ctx().writeAndFlush(bytes).addListener(done -> {
            if (state == State.CLOSED) {
                return;
            }
            deadline().disarm();
            if (!done.isSuccess()) {
                close();
            } else if (--upgradedWrites > 0) {
                deadline().arm(UPGRADED_WRITE_TIME, this::close);
            }
        });
    }

    /** Closes when everything that was written is out. */
    void closeAfterWrites() {
        if (state != State.CLOSED) {
            if (state == State.UPGRADED) {
                deadline().arm(UPGRADED_WRITE_TIME, this::close);
            }
            var _ = ctx().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(done -> close());
        }
    }

    /** Closes without another word. */
    void close() {
        var _ = ctx().close();
        closed();
    }

    private void closed() {
        if (state == State.CLOSED) {
            return;
        }
        state = State.CLOSED;
        deadline().disarm();
        resetWatch().stop();
        inbox.forEach(ReferenceCountUtil::release);
        inbox.clear();
        if (exchange != null) {
            exchange.clientGone();
            exchange = null;
        }
    }

    /** An answer that needs no exchange: status, headers, and the whole body. */
    void answer(HttpVersion version, int status, HeaderLines headers, byte[] body, boolean head, boolean keep) {
        AnswerHead.date(headers, proxy.timers().now());
        headers.replace("Content-Length", List.of(Integer.toString(body.length)));
        if (!keep) {
            headers.replace("Connection", List.of("close"));
        }
        encoder.bodiless(head);
        var _ = ctx().write(AnswerHead.of(version, status, headers));
        if (!head && body.length > 0) {
            var _ = ctx().write(new DefaultHttpContent(Unpooled.wrappedBuffer(body)));
        }
        finish(keep);
    }

    static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
