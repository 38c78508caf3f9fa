package org.openkas.grpc;

import io.netty.channel.ChannelFactory;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannel;
import java.net.SocketAddress;
import org.openkas.net.EventLoops;
import org.openkas.net.ListenAddress;
import org.openkas.net.ListenException;
import org.openkas.net.Network;

/**
 * Where a gRPC listener's connections come from: a socket, or whatever else hands over channels.
 *
 * @param channels makes the listening channel
 * @param loops runs it and its connections
 * @param address what the channel is bound to
 * @param socketOptions whether connections are sockets of epoll with TCP's options
 */
public record Acceptor(ChannelFactory<? extends ServerChannel> channels, EventLoopGroup loops, SocketAddress address,
        boolean socketOptions) {

    /** A listening socket. */
    static Acceptor socket(ListenAddress address, EventLoops loops) throws ListenException {
        return new Acceptor(loops.serverChannels(address.network()), loops.group(),
                loops.suited(address.resolve()), loops.epoll() && address.network() != Network.UNIX);
    }
}
