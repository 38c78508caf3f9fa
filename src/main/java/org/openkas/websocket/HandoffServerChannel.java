package org.openkas.websocket;

import io.netty.channel.AbstractServerChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.FastThreadLocal;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** A Netty server channel without a socket: a container hands it the WebSocket sessions that it accepted. */
public final class HandoffServerChannel extends AbstractServerChannel {
    /** How many connections may keep a thread of the container at the same time. */
    private static final int MAX_WAITING = 16;
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final DefaultChannelConfig config = new DefaultChannelConfig(this);
    private final LongSupplier nanos;
    private final Consumer<HandoffServerChannel> bound;
    private final Semaphore waiting = new Semaphore(MAX_WAITING);
    private volatile boolean open = true;
    private volatile Optional<SocketAddress> local = Optional.empty();

    /**
     * For one server.
     *
     * @param nanos the clock
     * @param bound gets the channel when the server has started it
     */
    public HandoffServerChannel(LongSupplier nanos, Consumer<HandoffServerChannel> bound) {
        this.nanos = nanos;
        this.bound = bound;
    }

    /**
     * Makes a connection of a session. Thread-safe; for threads of the container, not for an event loop.
     *
     * @param remote what to call the peer
     * @return nothing if the server no longer takes any
     */
    public Optional<MessageChannel> accept(MessageCarrier carrier, SocketAddress remote) {
        if (!isActive()) {
            return Optional.empty();
        }
        MessageChannel accepted = new MessageChannel(this, carrier, localAddress(), remote,
                new UnreadMessages(waiting, PATIENCE, nanos));
        // a channel's pipeline leaves a thread-local of Netty, which would keep our classes as long as the container's thread lives
        FastThreadLocal.removeAll();
        try {
            eventLoop().execute(() -> admit(accepted));
        } catch (RejectedExecutionException e) {
            return Optional.empty();
        }
        return Optional.of(accepted);
    }

    private void admit(MessageChannel accepted) {
        if (open) {
            accepted.pipeline().addFirst(new LastWords());
            pipeline().fireChannelRead(accepted);
            pipeline().fireChannelReadComplete();
        } else {
            accepted.turnAway();
        }
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return true;
    }

    @Override
    protected @Nullable SocketAddress localAddress0() {
        return local.orElse(null);
    }

    @Override
    protected void doBind(SocketAddress address) {
        local = Optional.of(address);
        bound.accept(this);
    }

    @Override
    protected void doClose() {
        open = false;
    }

    @Override
    protected void doBeginRead() {
        // sessions come by themselves
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
        return open && local.isPresent();
    }
}
