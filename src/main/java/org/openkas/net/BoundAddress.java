package org.openkas.net;

import io.netty.channel.unix.DomainSocketAddress;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;

/**
 * Where a listener listens after binding, in the words of the log fields {@code net_network} and {@code net_address}.
 *
 * @param network {@code tcp} or {@code unix}
 * @param address {@code 127.0.0.1:8150}, {@code [::]:8150} or a path
 * @param socketAddress the same for programs
 */
public record BoundAddress(String network, String address, SocketAddress socketAddress) {

    /** From what the socket says. */
    public static BoundAddress of(SocketAddress socketAddress) {
        return switch (socketAddress) {
            case InetSocketAddress inet -> new BoundAddress("tcp", text(inet), inet);
            case DomainSocketAddress unix -> new BoundAddress("unix", unix.path(), unix);
            case UnixDomainSocketAddress unix -> new BoundAddress("unix", unix.getPath().toString(), unix);
            default -> new BoundAddress("unknown", socketAddress.toString(), socketAddress);
        };
    }

    /** The TCP port; 0 for a unix socket. */
    public int port() {
        return socketAddress instanceof InetSocketAddress inet ? inet.getPort() : 0;
    }

    private static String text(InetSocketAddress address) {
        String host = address.getAddress().getHostAddress();
        if (!(address.getAddress() instanceof Inet6Address)) {
            return host + ":" + address.getPort();
        }
        if (address.getAddress().isAnyLocalAddress()) {
            return "[::]:" + address.getPort();
        }
        if (address.getAddress().isLoopbackAddress()) {
            return "[::1]:" + address.getPort();
        }
        return "[" + host + "]:" + address.getPort();
    }
}
