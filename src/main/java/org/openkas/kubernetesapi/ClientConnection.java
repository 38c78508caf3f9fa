package org.openkas.kubernetesapi;

import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.EventExecutor;
import java.net.SocketAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One client's connection: takes its requests one after the other and reads from the socket only what can be handed on
 * (chapter 03 §2, §14). Runs on the connection's event loop.
 */
final class ClientConnection {
    private final Proxy proxy;
    private final Channel channel;
    private final ClientInput input;
    private final ClientOutput output;
    private final Deadline deadline;
    private final NextRequest nextRequest;
    private final RestOfBody rest;
    private final ResetWatch resetWatch;
    private @Nullable ExchangeConnection current;
    private State state = State.IDLE;
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

    /** @param channel has its event loop already */
    ClientConnection(Proxy proxy, Channel channel) {
        this.proxy = proxy;
        this.channel = channel;
        input = new ClientInput(channel, this::bytesArrived);
        output = new ClientOutput(channel, newDeadline(), this::close);
        deadline = newDeadline();
        nextRequest = new NextRequest(deadline, this::close);
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
        pipeline.addLast(input.decoder());
        pipeline.addLast(output.encoder());
        pipeline.addLast(new ClientHandler(this));
    }

    // what happens on the channel

    void connected() {
        nextRequest.awaitFirst();
        pump();
    }

    /** Bytes have come, which are not understood yet. */
    private void bytesArrived(int count) {
        if (state == State.DROPPING) {
            rest.arrived(count);
        } else if (state == State.IDLE) {
            nextRequest.bytesArrived();
        } else if (current != null && current.bodyComplete()) {
            input.ranAhead(count);
        }
    }

    /** A part of a request, or bytes of an upgraded connection; released by whoever takes it. */
    void received(Object message) {
        if (state == State.CLOSED) {
            ReferenceCountUtil.release(message);
        } else {
            input.add(message);
        }
    }

    /** The client says that it sends no more. */
    void halfClosed() {
        input.end();
        pump();
    }

    /** The client takes more. */
    void writable() {
        if (current != null) {
            current.writable();
        } else {
            pump();
        }
    }

    /** The listener stops: the connection ends with the answer under way, or at once. */
    void stop() {
        stopping = true;
        if (state == State.IDLE && !nextRequest.headerBegun()) {
            end();
        } else if (current != null) {
            current.stop();
        }
    }

    /** Nobody is there any more. */
    void closed() {
        if (state == State.CLOSED) {
            return;
        }
        state = State.CLOSED;
        deadline.disarm();
        output.stop();
        resetWatch.stop();
        input.release();
        if (current != null) {
            ExchangeConnection left = current;
            current = null;
            left.clientGone();
        }
    }

    // taking requests

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
            case IDLE -> takeRequest();
            case EXCHANGE -> Objects.requireNonNull(current).next();
            case DROPPING -> rest.next();
            case ENDING, CLOSED -> false;
        };
    }

    private boolean takeRequest() {
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
        nextRequest.arrived();
        input.begin();
        state = State.EXCHANGE;
        ExchangeConnection begun = new ExchangeConnection(this, proxy, input, output, resetWatch);
        current = begun;
        begun.begin(request);
    }

    /**
     * The exchange is over, its answer was written.
     *
     * @param bodyComplete whether the request was taken to its end
     * @param goesOn whether another request may come
     */
    void answered(boolean bodyComplete, boolean goesOn) {
        current = null;
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
        nextRequest.awaitAfter(output.lastAnswer());
    }

    /** Where the client is. */
    SocketAddress client() {
        return channel.remoteAddress();
    }

    EventExecutor loop() {
        return channel.eventLoop();
    }

    boolean isStopping() {
        return stopping;
    }

    /** Closes without another word. */
    void close() {
        var _ = channel.close();
        closed();
    }
}
