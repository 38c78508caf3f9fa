package org.openkas.gitaly;

import java.net.InetAddress;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.openkas.repository.RepositoryException;
import org.openkas.repository.RepositoryException.Code;

/** Where a Gitaly server listens, as GitLab writes it (chapter 02 §5.1). */
sealed interface GitalyAddress {

    /** A host, over plain HTTP/2 or TLS. */
    record Remote(HostPort target, boolean tls) implements GitalyAddress {
    }

    /** A unix socket. */
    record UnixSocket(String path) implements GitalyAddress {
    }

    /** A host whose addresses are all used and looked up again now and then; {@code server} answers for them if given. */
    record Dns(Optional<HostPort> server, HostPort target) implements GitalyAddress {
    }

    /** A host name or literal address, and a port. */
    record HostPort(String host, int port) {
        /** {@code host:port}, with brackets around an IPv6 address. */
        String authority() {
            return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
        }
    }

    /**
     * Understands an address.
     *
     * @throws RepositoryException with code {@code UNKNOWN} and the texts of chapter 02 §5.1
     */
    static GitalyAddress parse(String address) throws RepositoryException {
        if (address.isEmpty()) {
            throw new RepositoryException(Code.UNKNOWN, "address is empty", null);
        }
        Matcher matcher = Syntax.URL.matcher(address);
        if (!matcher.matches()) {
            throw Syntax.invalid(address);
        }
        String rest = matcher.group(2);
        return switch (matcher.group(1).toLowerCase(Locale.ROOT)) {
            case "tcp" -> Syntax.remote(address, rest, "tcp");
            case "tls" -> Syntax.remote(address, rest, "tls");
            case "unix" -> new UnixSocket(rest);
            case "dns" -> Syntax.dns(rest);
            default -> throw Syntax.invalid(address);
        };
    }

    /** The grammar of the forms. */
    final class Syntax {
        private static final Pattern URL = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*):([^\\p{Cntrl}]*)");
        private static final Pattern PARTS = Pattern.compile("(?://([^/?#]*))?([^?#]*)(?:[?#].*)?");
        private static final Pattern HOST_PORT = Pattern.compile("(?:\\[([^\\[\\]]*)\\]|([^:\\[\\]]*))(?::([0-9]*))?");
        private static final int DEFAULT_PORT = 443;
        private static final int DNS_PORT = 53;

        private Syntax() {
        }

        private static RepositoryException invalid(String address) {
            return undialable("invalid connection string: \"" + address + "\"");
        }

        private static RepositoryException undialable(String reason) {
            return new RepositoryException(Code.UNKNOWN, "could not dial source: " + reason, null);
        }

        private static GitalyAddress remote(String address, String rest, String scheme) throws RepositoryException {
            Matcher parts = PARTS.matcher(rest);
            if (!parts.matches()) {
                throw invalid(address);
            }
            String failure = "failed to extract host for '" + scheme + "' connection: remote addresses should ";
            String authority = parts.group(1) == null ? "" : parts.group(1);
            String host = authority.substring(authority.lastIndexOf('@') + 1);
            // without slashes the rest is neither host nor path
            if (!parts.group(2).isEmpty() && (parts.group(1) != null || rest.startsWith("/"))) {
                throw undialable(failure + "not have a path: \"" + parts.group(2) + "\"");
            }
            if (host.isEmpty()) {
                throw undialable(failure + "have a host");
            }
            Matcher matcher = HOST_PORT.matcher(host);
            if (!matcher.matches()) {
                throw invalid(address);
            }
            String port = matcher.group(3);
            if (port == null || port.isEmpty()) {
                throw undialable(failure + "have a port");
            }
            return new Remote(new HostPort(host(matcher), number(port).orElseThrow(() -> invalid(address))), scheme.equals("tls"));
        }

        private static GitalyAddress dns(String rest) throws RepositoryException {
            Matcher parts = PARTS.matcher(rest);
            if (!parts.matches()) {
                throw malformed("cannot be understood");
            }
            String server = parts.group(1) == null ? "" : parts.group(1);
            String target = parts.group(2).startsWith("/") ? parts.group(2).substring(1) : parts.group(2);
            return new Dns(server.isEmpty() ? Optional.empty() : Optional.of(hostPort(server, DNS_PORT)), hostPort(target, DEFAULT_PORT));
        }

        private static HostPort hostPort(String target, int defaultPort) throws RepositoryException {
            if (target.isEmpty()) {
                throw malformed("missing address");
            }
            if (isLiteral(target)) {
                return new HostPort(target, defaultPort);
            }
            Matcher matcher = HOST_PORT.matcher(target);
            if (!matcher.matches()) {
                throw malformed("address " + target + ": not of the form host:port");
            }
            String port = matcher.group(3);
            if (port != null && port.isEmpty()) {
                throw malformed("missing port after port-separator colon");
            }
            String host = host(matcher);
            int number = port == null
                    ? defaultPort
                    : number(port).orElseThrow(() -> malformed("address " + target + ": port is not between 1 and 65535"));
            return new HostPort(host.isEmpty() ? "localhost" : host, number);
        }

        private static String host(Matcher hostPort) {
            return hostPort.group(1) == null ? hostPort.group(2) : hostPort.group(1);
        }

        private static Optional<Integer> number(String port) {
            int number = port.length() > 5 ? 0 : Integer.parseInt(port);
            return number < 1 || number > 65_535 ? Optional.empty() : Optional.of(number);
        }

        private static RepositoryException malformed(String reason) {
            return undialable("failed to parse target for 'dns' connection: dns resolver: " + reason);
        }

        /** Whether a host is an IPv4 or IPv6 address rather than a name. */
        static boolean isLiteral(String host) {
            try {
                InetAddress.ofLiteral(host);
                return true;
            } catch (IllegalArgumentException e) {
                return false;
            }
        }
    }
}
