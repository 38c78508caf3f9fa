package org.openkas.gitlab;

import java.net.InetAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Hosts that are reached without a proxy, as {@code NO_PROXY} lists them: names (with everything below them; with a leading
 * dot only what is below), addresses, networks such as {@code 10.0.0.0/8}, each with an optional port, or {@code *}. This host
 * itself always counts. Immutable.
 */
final class NoProxy {
    private final List<Predicate<Target>> exceptions;

    /** Where a request goes; {@code address} is there if the host is written as one. */
    private record Target(String host, Optional<InetAddress> address, int port) {
    }

    private NoProxy(List<Predicate<Target>> exceptions) {
        this.exceptions = exceptions;
    }

    /** Reads a list separated by commas; entries that make no sense match nothing. */
    static NoProxy parse(String list) {
        List<Predicate<Target>> exceptions = new ArrayList<>();
        exceptions.add(target -> target.host().equals("localhost") || target.address().filter(InetAddress::isLoopbackAddress).isPresent());
        for (String entry : list.toLowerCase(Locale.ROOT).split(",", -1)) {
            String text = entry.strip();
            if (text.equals("*")) {
                exceptions.add(target -> true);
            } else if (!text.isEmpty()) {
                exceptions.add(exception(text));
            }
        }
        return new NoProxy(List.copyOf(exceptions));
    }

    private static Predicate<Target> exception(String text) {
        if (text.contains("/")) {
            String[] parts = text.split("/", 2);
            return literal(parts[0]).map(network -> within(network, bits(parts[1]))).orElse(target -> false);
        }
        Optional<InetAddress> address = literal(text);
        if (address.isPresent()) {
            return target -> target.address().equals(address);
        }
        int colon = text.lastIndexOf(':');
        if (colon < 0) {
            return named(text);
        }
        int port = bits(text.substring(colon + 1));
        return exception(text.substring(0, colon)).and(target -> target.port() == port);
    }

    private static Predicate<Target> named(String text) {
        String name = text.startsWith("*.") ? text.substring(1) : text;
        return name.startsWith(".")
                ? target -> target.host().endsWith(name)
                : target -> target.host().equals(name) || target.host().endsWith("." + name);
    }

    private static Predicate<Target> within(InetAddress network, int bits) {
        byte[] prefix = network.getAddress();
        return target -> target.address().map(InetAddress::getAddress).filter(address -> address.length == prefix.length)
                .filter(address -> bits >= 0 && bits <= prefix.length * 8 && sameBits(address, prefix, bits)).isPresent();
    }

    private static boolean sameBits(byte[] one, byte[] other, int bits) {
        for (int bit = 0; bit < bits; bit++) {
            if (((one[bit / 8] ^ other[bit / 8]) & 0x80 >> bit % 8) != 0) {
                return false;
            }
        }
        return true;
    }

    private static int bits(String number) {
        try {
            return Integer.parseInt(number);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    private static Optional<InetAddress> literal(String host) {
        try {
            return Optional.of(InetAddress.ofLiteral(host));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Whether a URL is asked for without a proxy. */
    boolean matches(URI uri) {
        String host = uri.getHost().toLowerCase(Locale.ROOT);
        int port = uri.getPort() >= 0 ? uri.getPort() : "https".equals(uri.getScheme()) ? 443 : 80;
        Target target = new Target(host, literal(host), port);
        return exceptions.stream().anyMatch(exception -> exception.test(target));
    }
}
