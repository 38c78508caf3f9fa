package org.openkas.kubernetesapi;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.EventExecutor;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One client's connection: takes its requests one after the other and reads from the socket only what can be handed on
 * (chapter 03 §2, §14). Runs on the connection's event loop.
 */
final class ClientConnection extends ChannelInboundHandlerAdapter {
    /** From an answer to the next request. */
    static final Duration IDLE_TIME = Duration.ofSeconds(60);
    private static final Duration HEADER_TIME = Duration.ofSeconds(10);

    private final Proxy proxy;
    private final Channel channel;
    private final RequestDecoder decoder = new RequestDecoder(this::bytesArrived);
    private final ClientInput input;
    private final ClientOutput output;
    private final RestOfBody rest;
    private final Deadline deadline;
    private final ResetWatch resetWatch;
    private @Nullable ExchangeInput current;
    private State state = State.IDLE;
    private boolean fresh = true;
    private boolean headerBegun;
    private boolean stopping;
    private boolean pumping;

    private enum State {
        /** Between requests. */
        IDLE,
        /** A request is being answered, or the connection carries another protocol. */
        EXCHANGE,
        /** A request was answered; the rest of its body is dropped. */
        DROPPING,
        /** Nothing is read any more; the connection ends when everything that was written is out. */
        ENDING,
        /** Over. */
        CLOSED
    }

    /** Sent through the pipeline when the listener stops: the connection ends with the answer under way, or at once. */
    enum Stop {
        NOW
    }

    /** @param channel has its event loop already */
    ClientConnection(Proxy proxy, Channel channel) {
        this.proxy = proxy;
        this.channel = channel;
        input = new ClientInput(channel);
        output = new ClientOutput(channel, newDeadline(), this::close);
        deadline = newDeadline();
        rest = new RestOfBody(this, input, output, deadline);
        resetWatch = new ResetWatch(channel, newDeadline(), this::close);
    }

    private Deadline newDeadline() {
        return new Deadline(proxy.timers(), channel.eventLoop());
    }

    /** Puts this connection's handlers at the end of its pipeline. */
    void install() {
        ChannelPipeline pipeline = channel.pipeline();
        // status, headers and body that come together leave together
        pipeline.addLast(new FlushConsolidationHandler(FlushConsolidationHandler.DEFAULT_EXPLICIT_FLUSH_AFTER_FLUSHES, true));
        pipeline.addLast(decoder);
        pipeline.addLast(output.encoder());
        pipeline.addLast(this);
    }

    private ExchangeInput current() {
        return Objects.requireNonNull(current);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        if (channel.isActive()) {
            connected();
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        connected();
    }

    private void connected() {
        deadline.arm(HEADER_TIME, this::close);
        pump();
    }

    /** Told of bytes before they are understood: the header of the next request has begun to come, for example. */
    private void bytesArrived(int count) {
        if (state == State.DROPPING) {
            rest.arrived(count);
        } else if (state == State.IDLE) {
            headerBegun = true;
            if (!fresh) {
                fresh = true;
                deadline.arm(HEADER_TIME, this::close);
            }
        } else if (current != null && current.bodyComplete()) {
            input.ranAhead(count);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (state == State.CLOSED) {
            ReferenceCountUtil.release(message);
        } else {
            input.add(message);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        pump();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent || event instanceof SslCloseCompletionEvent) {
            input.end();
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
        if (!output.isWritable()) {
            return;
        }
        if (current != null) {
            current.exchange().writable();
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
            case EXCHANGE -> current().next();
            case DROPPING -> rest.next();
            case ENDING, CLOSED -> false;
        };
    }

    private boolean nextRequest() {
        if (!output.isWritable()) {
            // whoever does not read answers gets no more of them
            return false;
        }
        Object next = input.poll();
        switch (next) {
            case null -> input.readOr(this::close);
            case HttpRequest request -> {
                begin(request);
                return true;
            }
            default -> {
                ReferenceCountUtil.release(next);
                return true;
            }
        }
        return false;
    }

    private void begin(HttpRequest request) {
        deadline.disarm();
        fresh = false;
        headerBegun = false;
        input.begin();
        state = State.EXCHANGE;
        Exchange exchange = new Exchange(this, proxy);
        current = new ExchangeInput(exchange, input, resetWatch, this::close);
        exchange.begin(request);
    }

    /** Closes when the last answer is out; one of an agent may take as long as its client likes. */
    void end() {
        state = State.ENDING;
        deadline.disarm();
        output.lastAnswer().addListener(done -> close());
    }

    /** Waits for the next request. */
    void idle() {
        if (stopping) {
            end();
            return;
        }
        state = State.IDLE;
        deadline.armAfter(output.lastAnswer(), IDLE_TIME, this::close);
    }

    private void closed() {
        if (state == State.CLOSED) {
            return;
        }
        state = State.CLOSED;
        deadline.disarm();
        output.stop();
        resetWatch.stop();
        input.release();
        if (current != null) {
            ExchangeInput left = current;
            current = null;
            left.end();
            left.exchange().clientGone();
        }
    }

    // what exchanges use

    EventExecutor loop() {
        return channel.eventLoop();
    }

    ClientOutput output() {
        return output;
    }

    boolean isWritable() {
        return output.isWritable();
    }

    /** The client has said that it sends no more, in the middle of a body. */
    boolean bodyCutShort() {
        return current().bodyCutShort();
    }

    boolean isStopping() {
        return stopping;
    }

    boolean bodyComplete() {
        return current().bodyComplete();
    }

    /** An answer that needs no exchange: status, headers, and the whole body. */
    void answer(HttpVersion version, int status, HeaderLines headers, byte[] body, boolean head, boolean keep) {
        AnswerHead.date(headers, proxy.timers().now());
        headers.replace("Content-Length", List.of(Integer.toString(body.length)));
        if (!keep) {
            headers.replace("Connection", List.of("close"));
        }
        output.answer(AnswerHead.of(version, status, headers), body, head);
        finish(keep);
    }

    /**
     * Ends the answer.
     *
     * @param keep whether the connection may go on, as the answer said
     */
    void finish(boolean keep) {
        boolean bodyComplete = bodyComplete();
        current().end();
        current = null;
        output.end();
        boolean goesOn = keep && refuseUpgrade();
        if (!bodyComplete) {
            state = State.DROPPING;
            if (goesOn) {
                rest.drop();
            } else {
                rest.dropAndLeave();
            }
        } else if (goesOn) {
            idle();
        } else {
            end();
        }
        pump();
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

    /** The client is told that its upgrade is granted: from here on it may half-close and is still there. */
    void grantUpgrade() {
        current().grant();
    }

    /** Turns the connection into one that carries bytes. */
    void takeOver() {
        current().upgrade();
        output.upgrade();
        // hands on what the client sent early
        channel.pipeline().remove(decoder);
        pump();
    }

    /** Closes without another word. */
    void close() {
        var _ = channel.close();
        closed();
    }

    static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
