package org.openkas.net;

import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where to listen, as configured (chapter 05 §8.1): {@code host:port} for TCP, where an empty host means all interfaces
 * and port 0 any free port, or a path for a unix socket.
 *
 * @param network the kind of socket
 * @param address the address text, not resolved yet
 */
public record ListenAddress(Network network, String address) {
    /** What Java would take for an address of IPv4, and nobody else does. */
    private static final Pattern HALF_AN_ADDRESS = Pattern
            .compile("(?!(?:(?:0|[1-9][0-9]{0,2})(?:\\.|$)){4}$)[0-9.]+");

    /**
     * From the words of the configuration.
     *
     * @throws ListenException if the network is not one of tcp, tcp4, tcp6 and unix
     */
    public static ListenAddress of(String network, String address) throws ListenException {
        Network known = Network.of(network).orElseThrow(
                () -> new ListenException(
                        "listen " + network + " " + address + ": unknown network " + network + " (use tcp, tcp4, tcp6 or unix)"));
        return new ListenAddress(known, address);
    }

    /**
     * The one socket address to bind. A host name with several addresses yields one of them, IPv4 preferred.
     *
     * @throws ListenException if the text is not an address or the name does not resolve
     */
    public SocketAddress resolve() throws ListenException {
        if (network == Network.UNIX) {
            return new DomainSocketAddress(address);
        }
        int colon = address.lastIndexOf(':');
        if (colon < 0) {
            throw malformed("missing port in address");
        }
        String host = address.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        } else if (host.indexOf(':') >= 0) {
            throw malformed("too many colons in address");
        }
        boolean everyInterface = host.isEmpty() || (network == Network.TCP4 && host.equals("::"));
        return new InetSocketAddress(everyInterface ? everyInterface() : named(host), port(address.substring(colon + 1)));
    }

    /** Whether a connection from this peer belongs here: a socket of IPv6 is also offered connections of IPv4. */
    public boolean admits(SocketAddress peer) {
        return network != Network.TCP6 || !(peer instanceof InetSocketAddress inet && inet.getAddress() instanceof Inet4Address);
    }

    /**
     * Fails if the path of a unix socket is there already, even without anybody listening: a stale socket file is the
     * operator's to remove. Netty would remove it when binding fails.
     */
    public void refuseTaken() throws ListenException {
        if (network == Network.UNIX && Files.exists(Path.of(address), LinkOption.NOFOLLOW_LINKS)) {
            throw new ListenException(description() + ": bind: address already in use");
        }
    }

    /** {@code listen <network> <address>}, the beginning of every error text. */
    public String description() {
        return "listen " + network.label() + " " + address;
    }

    private int port(String text) throws ListenException {
        try {
            int port = text.isEmpty() ? 0 : Integer.parseInt(text);
            if (port >= 0 && port <= 65535) {
                return port;
            }
        } catch (NumberFormatException e) {
            throw new ListenException("listen " + network.label() + ": lookup " + network.label() + "/" + text + ": unknown port", e);
        }
        throw new ListenException("listen " + network.label() + ": address " + text + ": invalid port");
    }

    private InetAddress everyInterface() throws ListenException {
        try {
            // the IPv6 wildcard serves both families, where there is IPv6 at all
            boolean ipv6 = network != Network.TCP4 && !Boolean.getBoolean("java.net.preferIPv4Stack") && ipv6Available();
            return InetAddress.getByAddress(new byte[ipv6 ? 16 : 4]);
        } catch (UnknownHostException e) {
            throw new ListenException(description() + ": " + e.getMessage(), e);
        }
    }

    private static boolean ipv6Available() {
        byte[] loopback = new byte[16];
        loopback[15] = 1;
        try (ServerSocket probe = new ServerSocket()) {
            probe.bind(new InetSocketAddress(InetAddress.getByAddress(loopback), 0));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private InetAddress named(String host) throws ListenException {
        List<InetAddress> all;
        try {
            if (HALF_AN_ADDRESS.matcher(host).matches()) {
                throw new UnknownHostException(host);
            }
            all = List.of(InetAddress.getAllByName(host));
        } catch (UnknownHostException e) {
            throw new ListenException("listen " + network.label() + ": lookup " + host + ": no such host", e);
        }
        return all.stream().filter(found -> network == Network.TCP6 ? found instanceof Inet6Address : found instanceof Inet4Address)
                .findFirst()
                .or(() -> network == Network.TCP ? all.stream().findFirst() : Optional.empty()).orElseThrow(
                        () -> new ListenException("listen " + network.label() + ": address " + host + ": no suitable address found"));
    }

    private ListenException malformed(String reason) {
        return new ListenException("listen " + network.label() + ": address " + address + ": " + reason);
    }
}
