package org.openkas.websocket;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.CoalescingBufferQueue;
import io.netty.util.ReferenceCountUtil;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.TimeUnit;

/**
 * The server's side of an open WebSocket in a pipeline: frames towards the network, the bytes of an HTTP/2 connection
 * towards the rest (chapter 01 §2.4, §2.5). What is flushed together leaves as messages of up to 32 KiB, never
 * fragmented. Runs on the connection's event loop.
 */
public final class WebSocketFrames extends ChannelDuplexHandler implements FrameReader.Events {
    private static final int MAX_SENT_MESSAGE = 32 << 10;
    private static final int FIN_BINARY = 0x82;
    private static final int FIN_CLOSE = 0x88;
    private static final int FIN_PONG = 0x8a;
    private static final int MOST_OWED_PONGS = 16;

    private final Duration closeWait;
    private final FrameReader reader = FrameReader.ofBinary(this);
    private Optional<ChannelHandlerContext> context = Optional.empty();
    private Optional<CoalescingBufferQueue> queue = Optional.empty();
    private final Queue<byte[]> owedPongs = new ArrayDeque<>();
    private boolean closeSent;
    private boolean closing;

    /** Waits {@code closeWait} at most for the close frame of a peer that was sent one. */
    public WebSocketFrames(Duration closeWait) {
        this.closeWait = closeWait;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = Optional.of(ctx);
        queue = Optional.of(new CoalescingBufferQueue(ctx.channel(), 16, true));
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        queue().releaseAndFailAll(new ClosedChannelException());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            if (message instanceof ByteBuf bytes) {
                reader.read(bytes);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        payPong();
        ctx.fireChannelReadComplete();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        payPong();
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (closeSent || !(message instanceof ByteBuf bytes)) {
            ReferenceCountUtil.release(message);
            promise.tryFailure(new ClosedChannelException());
            return;
        }
        queue().add(bytes, promise);
    }

    @Override
    public void flush(ChannelHandlerContext ctx) {
        sendQueued();
        ctx.flush();
    }

    /** The HTTP/2 side is done: says so and waits for the peer. */
    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        ctx.channel().closeFuture().addListener(closed -> promise.trySuccess());
        close(CloseReason.NORMAL);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        queue().releaseAndFailAll(new ClosedChannelException());
        ctx.fireChannelInactive();
    }

    /** Sends a close frame unless one was sent, and drops the connection when the peer's arrives or the wait is over. */
    public void close(CloseReason reason) {
        ChannelHandlerContext ctx = context();
        if (closing) {
            return;
        }
        closing = true;
        sendClose(reason);
        var timer = ctx.executor().schedule(this::drop, closeWait.toNanos(), TimeUnit.NANOSECONDS);
        ctx.channel().closeFuture().addListener(closed -> timer.cancel(false));
    }

    @Override
    public void data(ByteBuf bytes) {
        if (closing) {
            bytes.release();
        } else {
            context().fireChannelRead(bytes);
        }
    }

    @Override
    public void ping(byte[] payload) {
        // each is answered, but only as fast as the peer reads, and of a flood the last ones: it costs nothing
        if (owedPongs.size() == MOST_OWED_PONGS) {
            owedPongs.remove();
        }
        owedPongs.add(payload);
    }

    @Override
    public void closed(CloseReason reason) {
        closing = true;
        if (closeSent) {
            drop();
            return;
        }
        sendQueued();
        closeSent = true;
        ChannelHandlerContext ctx = context();
        ctx.writeAndFlush(frame(FIN_CLOSE, reason.payload())).addListener(sent -> drop());
        var timer = ctx.executor().schedule(this::drop, closeWait.toNanos(), TimeUnit.NANOSECONDS);
        ctx.channel().closeFuture().addListener(closed -> timer.cancel(false));
    }

    @Override
    public void ended(CloseReason reason) {
        close(reason);
    }

    @Override
    public void unmasked() {
        drop();
    }

    private void sendClose(CloseReason reason) {
        sendQueued();
        closeSent = true;
        var _ = context().writeAndFlush(frame(FIN_CLOSE, reason.payload()));
    }

    private void payPong() {
        while (!owedPongs.isEmpty() && !closeSent && context().channel().isWritable()) {
            var _ = context().writeAndFlush(frame(FIN_PONG, owedPongs.remove()));
        }
    }

    private void sendQueued() {
        ChannelHandlerContext ctx = context();
        CoalescingBufferQueue bytes = queue();
        while (!bytes.isEmpty()) {
            ChannelPromise promise = ctx.newPromise();
            ByteBuf message = bytes.remove(MAX_SENT_MESSAGE, promise);
            if (message.isReadable()) {
                var _ = ctx.write(header(FIN_BINARY, message.readableBytes()));
            }
            var _ = ctx.write(message, promise);
        }
    }

    private ByteBuf header(int first, int length) {
        ByteBuf header = context().alloc().ioBuffer(4).writeByte(first);
        return length < 126 ? header.writeByte(length) : header.writeByte(126).writeShort(length);
    }

    private ByteBuf frame(int first, byte[] payload) {
        return context().alloc().ioBuffer(2 + payload.length).writeByte(first).writeByte(payload.length).writeBytes(payload);
    }

    private void drop() {
        var _ = context().close();
    }

    private ChannelHandlerContext context() {
        return context.orElseThrow();
    }

    private CoalescingBufferQueue queue() {
        return queue.orElseThrow();
    }
}
