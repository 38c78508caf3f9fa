package org.openkas.websocket;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.AbstractChannel;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.FastThreadLocal;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A Netty channel whose bytes travel as binary messages of a WebSocket that a container terminates (chapter 01 §2.4).
 * Message boundaries mean nothing. Both directions are bounded and paced: see {@link UnreadMessages} for what comes in; what
 * goes out waits in Netty's buffer while one message is under way. {@link #received}, {@link #ended} and {@link #refuse} are
 * thread-safe and belong to the container's threads, everything else to the event loop.
 */
public final class MessageChannel extends AbstractChannel {
    /** The largest message that is sent; peers read up to 10 MiB, but memory waits with each. */
    static final int MAX_SENT_MESSAGE = 64 << 10;
    /** How much is read before others have their turn. */
    private static final int BURST = 64 << 10;
    private static final int SMALLEST_BUFFER = 256;
    private static final ChannelMetadata METADATA = new ChannelMetadata(false);
    private static final CloseReason OVERRUN = new CloseReason(1008, "too much data that was not waited for");

    private final MessageCarrier carrier;
    private final SocketAddress local;
    private final SocketAddress remote;
    private final UnreadMessages unread;
    private final Config config = new Config(this);
    private final AtomicBoolean readScheduled = new AtomicBoolean();
    private final Runnable readTask = this::readBurst;
    private volatile boolean open = true;
    private volatile boolean ended;
    private volatile CloseReason reason = CloseReason.NORMAL;

    // event loop only
    private boolean readWanted;
    private Optional<ByteBuf> sending = Optional.empty();

    /** For an open session that {@link HandoffServerChannel} accepts. */
    MessageChannel(Channel parent, MessageCarrier carrier, SocketAddress local, SocketAddress remote, UnreadMessages unread) {
        super(parent);
        this.carrier = carrier;
        this.local = local;
        this.remote = remote;
        this.unread = unread;
    }

    /**
     * Bytes came; they are copied. May block for some seconds where the peer sends faster than it is read from.
     *
     * @throws InterruptedException if the thread is interrupted while it waits; the bytes are not lost
     */
    public void received(ByteBuffer bytes) throws InterruptedException {
        if (!bytes.hasRemaining()) {
            return;
        }
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        if (!unread.add(Unpooled.wrappedBuffer(copy))) {
            refuse(OVERRUN);
            return;
        }
        scheduleRead();
        unread.pace();
    }

    /** The peer is gone, and nothing more will come. What came before is still read if it is wanted at once. */
    public void ended() {
        ended = true;
        scheduleRead();
    }

    /** The peer broke a rule: closes the session with this reason. */
    public void refuse(CloseReason why) {
        if (open) {
            reason = why;
            onEventLoop(this::closeNow);
        }
    }

    /** The server closed meanwhile, and the channel was never registered. */
    void turnAway() {
        forget();
        carrier.close(CloseReason.SHUTTING_DOWN);
    }

    private void scheduleRead() {
        if (readScheduled.compareAndSet(false, true)) {
            onEventLoop(readTask);
        }
    }

    /** Before the channel is registered nothing runs; registering looks again. */
    private void onEventLoop(Runnable task) {
        try {
            if (isRegistered()) {
                eventLoop().execute(task);
            } else {
                readScheduled.set(false);
            }
        } catch (RejectedExecutionException e) {
            forget(); // the server is gone
        }
    }

    private void readBurst() {
        readScheduled.set(false);
        if (!open) {
            return;
        }
        if (readWanted && !unread.isEmpty()) {
            readWanted = false;
            int bytes = 0;
            Optional<ByteBuf> next = unread.poll();
            while (next.isPresent()) {
                bytes += next.get().readableBytes();
                pipeline().fireChannelRead(next.get());
                next = bytes < BURST ? unread.poll() : Optional.empty();
            }
            pipeline().fireChannelReadComplete();
        }
        if (open && !reason.equals(CloseReason.NORMAL)) {
            closeNow();
        } else if (ended && open && (unread.isEmpty() || !readWanted)) {
            closeNow();
        }
    }

    private void closeNow() {
        unsafe().close(voidPromise());
    }

    @Override
    protected void doRegister(ChannelPromise promise) {
        super.doRegister(promise);
        eventLoop().execute(readTask);
    }

    @Override
    protected void doBeginRead() {
        if (!readWanted) {
            readWanted = true;
            if (ended || !unread.isEmpty()) {
                scheduleRead();
            }
        }
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer out) {
        if (sending.isPresent()) {
            return;
        }
        int wanted = (int) Math.min(out.totalPendingWriteBytes(), MAX_SENT_MESSAGE);
        ByteBuf message = alloc().directBuffer(Math.max(wanted, SMALLEST_BUFFER), MAX_SENT_MESSAGE);
        gather(out, message);
        if (!message.isReadable()) {
            message.release();
            out.removeBytes(0);
            return;
        }
        sending = Optional.of(message);
        carrier.send(message.nioBuffer(), failure -> {
            try {
                eventLoop().execute(() -> sent(message, failure));
            } catch (RejectedExecutionException e) {
                message.release();
                FastThreadLocal.removeAll();
                forget();
            }
        });
    }

    private static void gather(ChannelOutboundBuffer out, ByteBuf message) {
        try {
            out.forEachFlushedMessage(each -> {
                ByteBuf bytes = (ByteBuf) each;
                message.writeBytes(bytes, bytes.readerIndex(), Math.min(MAX_SENT_MESSAGE - message.readableBytes(), bytes.readableBytes()));
                return message.readableBytes() < MAX_SENT_MESSAGE;
            });
        } catch (Exception e) {
            message.release();
            throw new ChannelException(e);
        }
    }

    /** Only here the message is released: Netty's pools of buffers would stay with the container's thread otherwise. */
    private void sent(ByteBuf message, Optional<Throwable> failure) {
        int bytes = message.readableBytes();
        message.release();
        ChannelOutboundBuffer out = unsafe().outboundBuffer();
        if (out == null) {
            sending = Optional.empty();
        } else if (failure.isPresent()) {
            sending = Optional.empty();
            closeNow();
        } else {
            // completes promises, whose listeners may flush: the mark goes afterwards
            out.removeBytes(bytes);
            sending = Optional.empty();
            ((MessageUnsafe) unsafe()).resume();
        }
    }

    @Override
    protected Object filterOutboundMessage(Object message) {
        if (message instanceof ByteBuf) {
            return message;
        }
        throw new UnsupportedOperationException("only bytes travel in messages: " + message.getClass().getName());
    }

    @Override
    protected void doClose() {
        forget();
        carrier.close(reason);
    }

    private void forget() {
        open = false;
        unread.close();
    }

    @Override
    protected void doDisconnect() {
        doClose();
    }

    @Override
    protected void doBind(SocketAddress address) {
        throw new UnsupportedOperationException("a session has its address");
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return true;
    }

    @Override
    protected SocketAddress localAddress0() {
        return local;
    }

    @Override
    protected SocketAddress remoteAddress0() {
        return remote;
    }

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public boolean isActive() {
        return open;
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new MessageUnsafe();
    }

    private final class MessageUnsafe extends AbstractUnsafe {
        @Override
        public void connect(SocketAddress to, SocketAddress from, ChannelPromise promise) {
            promise.setFailure(new UnsupportedOperationException("a session is connected"));
        }

        void resume() {
            flush0();
        }
    }

    private static final class Config extends DefaultChannelConfig {
        private final MessageChannel owner;

        Config(MessageChannel owner) {
            super(owner);
            this.owner = owner;
        }

        @Override
        public <T> boolean setOption(ChannelOption<T> option, T value) {
            // gRPC sets it on every connection; the container has the socket
            return option.equals(ChannelOption.SO_KEEPALIVE) || super.setOption(option, value);
        }

        @Override
        protected void autoReadCleared() {
            owner.readWanted = false;
        }
    }
}
