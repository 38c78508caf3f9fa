package org.openkas.net;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.spi.SelectorProvider;
import java.util.concurrent.TimeUnit;

/**
 * The few threads that move bytes for every listener and client of the server: epoll where the system has it, NIO
 * elsewhere. Nothing that blocks runs on them. Thread-safe.
 */
public final class EventLoops implements AutoCloseable {
    private static final int QUIET_MILLIS = 50;
    private static final int STOP_SECONDS = 5;

    private final boolean epoll;
    private final EventLoopGroup group;

    /** With {@code threads} threads, and epoll if it is there. */
    public EventLoops(int threads) {
        this(threads, Epoll.isAvailable());
    }

    /** With {@code threads} threads; without epoll where {@code epoll} is false. */
    public EventLoops(int threads, boolean epoll) {
        this.epoll = epoll;
        Exhaustion.prepare(epoll);
        group = new EnduringLoops(threads, new DefaultThreadFactory("openkas-io", true),
                epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    }

    /** One thread a processor, at least two: enough for tens of thousands of connections that mostly wait. */
    public static EventLoops standard() {
        return new EventLoops(Math.max(2, Runtime.getRuntime().availableProcessors()));
    }

    /** The threads. */
    public EventLoopGroup group() {
        return group;
    }

    /** Whether options of epoll sockets, such as TCP_USER_TIMEOUT, can be set. */
    public boolean epoll() {
        return epoll;
    }

    /** Makes listening channels for a network; one for IPv4 takes no connections of IPv6. */
    public ChannelFactory<? extends ServerChannel> serverChannels(Network network) {
        return switch (network) {
            case UNIX -> epoll ? EpollServerDomainSocketChannel::new : NioServerDomainSocketChannel::new;
            case TCP4 -> epoll
                    ? () -> new EpollServerSocketChannel(SocketProtocolFamily.INET)
                    : () -> new NioServerSocketChannel(SelectorProvider.provider(), SocketProtocolFamily.INET);
            case TCP, TCP6 -> epoll ? EpollServerSocketChannel::new : NioServerSocketChannel::new;
        };
    }

    /** The channel type of a client of such a network. */
    public Class<? extends Channel> clientChannel(Network network) {
        if (network == Network.UNIX) {
            return epoll ? EpollDomainSocketChannel.class : NioDomainSocketChannel.class;
        }
        return epoll ? EpollSocketChannel.class : NioSocketChannel.class;
    }

    /** The same address in the form that these loops' channels take. */
    public SocketAddress suited(SocketAddress address) {
        return !epoll && address instanceof DomainSocketAddress unix ? UnixDomainSocketAddress.of(unix.path()) : address;
    }

    /** Stops the threads; channels that are still open are closed. Waits a few seconds at most. */
    @Override
    public void close() {
        group.shutdownGracefully(QUIET_MILLIS, TimeUnit.SECONDS.toMillis(STOP_SECONDS), TimeUnit.MILLISECONDS)
                .awaitUninterruptibly(STOP_SECONDS + 1L, TimeUnit.SECONDS);
    }
}
