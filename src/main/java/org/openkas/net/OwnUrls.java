package org.openkas.net;

import io.netty.util.NetUtil;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.SocketException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.openkas.common.GoText;
import org.openkas.config.ConfigurationException;

/**
 * Under which URLs other servers reach this one: one, or, where the configuration does not say which, one for each address of
 * the host (chapter 04 §6, chapter 07 §6.4). Immutable.
 *
 * @param urls at least one, each as the others have to find it, byte for byte
 */
public record OwnUrls(List<String> urls) {
    /** The TLS name of all servers of a cluster. */
    public static final String HOST = "OWN_PRIVATE_API_HOST";
    private static final String URL = "OWN_PRIVATE_API_URL";
    private static final String CIDR = "OWN_PRIVATE_API_CIDR";
    private static final String SCHEME = "OWN_PRIVATE_API_SCHEME";
    private static final String PORT = "OWN_PRIVATE_API_PORT";
    private static final String VARIABLE = " environment variable";
    private static final int MAX_PORT = 65_535;

    /** The addresses of this host. */
    @FunctionalInterface
    public interface HostAddresses {
        /** All of them, in no particular order. */
        List<InetAddress> all() throws SocketException;
    }

    public OwnUrls {
        urls = List.copyOf(urls);
    }

    /**
     * Works them out.
     *
     * @param variables the environment variables; an empty one is as good as none
     * @param network of the listener for other servers
     * @param address of that listener, as configured
     * @throws ConfigurationException with the texts of chapter 04 §6
     */
    public static OwnUrls of(Map<String, String> variables, String network, String address, HostAddresses host)
            throws ConfigurationException {
        String url = variables.getOrDefault(URL, "");
        String cidrs = variables.getOrDefault(CIDR, "");
        if (!url.isEmpty()) {
            if (!cidrs.isEmpty()) {
                throw new ConfigurationException("either " + URL + " or " + CIDR + " should be specified, not both");
            }
            return new OwnUrls(List.of(url));
        }
        Optional<String> port = port(variables.getOrDefault(PORT, ""));
        String scheme = scheme(variables.getOrDefault(SCHEME, ""));
        if (!cidrs.isEmpty()) {
            Set<InetAddress> own = chosen(cidrs, host);
            return at(own, scheme, port.isPresent() ? port.get() : listenPort(network, address));
        }
        return ofListener(scheme, network, address, host);
    }

    private static Optional<String> port(String text) throws ConfigurationException {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        if (!text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw unparsable(text, "invalid syntax");
        }
        String number = text.replaceFirst("^0+(?=.)", "");
        if (number.length() > 5 || Integer.parseInt(number) > MAX_PORT) {
            throw unparsable(text, "value out of range");
        }
        if (number.equals("0")) {
            throw new ConfigurationException("invalid port in " + PORT + VARIABLE + ": 0 (set it to the port that other servers reach)");
        }
        return Optional.of(number);
    }

    private static ConfigurationException unparsable(String port, String problem) {
        return new ConfigurationException(
                "error parsing " + PORT + VARIABLE + ": strconv.ParseUint: parsing " + GoText.quoted(port) + ": " + problem);
    }

    private static String scheme(String text) throws ConfigurationException {
        return switch (text) {
            case "" -> "grpc";
            case "grpc", "grpcs" -> text;
            // the spelling is the reference's: operators search for it
            default -> throw new ConfigurationException(SCHEME + VARIABLE + " schould be either grpc or grpcs, got: " + text);
        };
    }

    /** One address of each network that has any: networks of several families may be listed, though a host has only one. */
    private static Set<InetAddress> chosen(String cidrs, HostAddresses host) throws ConfigurationException {
        Set<InetAddress> chosen = new LinkedHashSet<>();
        for (String cidr : cidrs.split(",", -1)) {
            List<InetAddress> inside = addresses(host).stream().filter(within(cidr.strip())::contains).distinct().toList();
            if (inside.size() > 1) {
                throw new ConfigurationException("multiple IPs matched CIDR specified in the " + CIDR + VARIABLE + ": ["
                        + list(inside) + "] (name a smaller network, or set " + URL + ")");
            }
            chosen.addAll(inside);
        }
        if (chosen.isEmpty()) {
            throw new ConfigurationException("no IPs matched CIDR specified in the " + CIDR + VARIABLE + " (this host has "
                    + list(addresses(host)) + ")");
        }
        return chosen;
    }

    private static String list(List<InetAddress> addresses) {
        return String.join(" ", addresses.stream().map(NetUtil::toAddressString).toList());
    }

    private static Cidr within(String text) throws ConfigurationException {
        return Cidr.parse(text).orElseThrow(
                () -> new ConfigurationException("failed to parse " + CIDR + VARIABLE + ": invalid CIDR address: " + text
                        + " (write it like 10.0.0.0/8)"));
    }

    private static List<InetAddress> addresses(HostAddresses host) throws ConfigurationException {
        try {
            return host.all();
        } catch (SocketException e) {
            throw new ConfigurationException("net.InterfaceAddrs(): " + e.getMessage(), e);
        }
    }

    private static String listenPort(String network, String address) throws ConfigurationException {
        if (Network.of(network).orElse(Network.UNIX) == Network.UNIX) {
            throw new ConfigurationException("cannot determine port for own URL. Specify " + PORT);
        }
        return HostAndPort.split(address).port();
    }

    private static OwnUrls ofListener(String scheme, String network, String address, HostAddresses host) throws ConfigurationException {
        Network known = Network.of(network).orElseThrow(
                () -> new ConfigurationException("unsupported network type specified in the listener config: " + network));
        if (known == Network.UNIX) {
            return new OwnUrls(List.of("unix://" + address));
        }
        HostAndPort listen = HostAndPort.split(address);
        if (!listen.everyInterface()) {
            return new OwnUrls(List.of(scheme + "://" + address));
        }
        Set<InetAddress> routable = new LinkedHashSet<>();
        addresses(host).stream().filter(each -> routable(each, known)).forEach(routable::add);
        if (routable.isEmpty()) {
            throw new ConfigurationException("could't determine own URL. Please set " + URL + " or " + CIDR + VARIABLE);
        }
        return at(routable, scheme, listen.port());
    }

    private static boolean routable(InetAddress address, Network network) {
        boolean family = switch (network) {
            case TCP4 -> address instanceof Inet4Address;
            case TCP6 -> address instanceof Inet6Address;
            case TCP, UNIX -> true;
        };
        return family && !address.isLoopbackAddress() && !address.isLinkLocalAddress() && !address.isAnyLocalAddress()
                && !address.isMulticastAddress();
    }

    private static OwnUrls at(Set<InetAddress> addresses, String scheme, String port) {
        return new OwnUrls(addresses.stream().map(address -> scheme + "://" + text(address) + ":" + port).toList());
    }

    private static String text(InetAddress address) {
        String plain = NetUtil.toAddressString(address);
        return address instanceof Inet6Address ? "[" + plain + "]" : plain;
    }
}
