package org.openkas.gitlab;

import java.io.EOFException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.ProtocolException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Tells why no answer arrived, in the words that operators find when they search for them: those of the Go KAS (chapter 02
 * §2.11).
 */
final class TransportFailure {
    static final String ADDRESS_REMEDY = "set gitlab.address (Omnibus: gitlab_kas['gitlab_address']) to an address that this host can reach";
    private static final String CA_REMEDY = "put the certificate of the authority that signed GitLab's into gitlab.ca_certificate_file";
    private static final String NAME_REMEDY = "set gitlab.address to a name that is in GitLab's certificate";
    private static final String BROKEN_REMEDY = "look at GitLab and at proxies in front of it: the connection ended before there was an answer";
    static final String SLOW_REMEDY = "look at GitLab and at proxies in front of it: the request was taken but not answered in time";

    private final String method;
    private final URI uri;
    private final InetSocketAddress peer;
    private final boolean throughProxy;

    /** For failures of one request; {@code proxy} is what it went through, if anything. */
    TransportFailure(String method, URI uri, Optional<InetSocketAddress> proxy) {
        this.method = method;
        this.uri = uri;
        this.throughProxy = proxy.isPresent();
        int port = uri.getPort() >= 0 ? uri.getPort() : "https".equals(uri.getScheme()) ? 443 : 80;
        this.peer = proxy.orElseGet(() -> InetSocketAddress.createUnresolved(uri.getHost(), port));
    }

    /** The exception for a failure of the HTTP client. */
    GitLabException of(Throwable failure) {
        if (has(failure, UnknownHostException.class) || has(failure, UnresolvedAddressException.class)) {
            return dial("lookup " + peer.getHostString() + ": no such host", failure);
        }
        if (has(failure, HttpConnectTimeoutException.class)) {
            return dial(address() + ": i/o timeout", failure);
        }
        if (has(failure, NoRouteToHostException.class)) {
            return dial(address() + ": connect: no route to host", failure);
        }
        if (has(failure, ConnectException.class)) {
            return connect(failure);
        }
        if (has(failure, HttpTimeoutException.class)) {
            return unanswered(failure);
        }
        if (has(failure, SSLException.class)) {
            return tls(failure);
        }
        return broken(failure);
    }

    /** Whether something answered that is no HTTP, or not as HTTP has it. */
    static boolean malformed(Throwable failure) {
        // the client of the JDK lets what its parsers throw pass
        return has(failure, ProtocolException.class) || has(failure, RuntimeException.class);
    }

    /** The exception for a request that was sent and not answered in time. */
    GitLabException unanswered(Throwable failure) {
        return failed("net/http: timeout awaiting response headers", SLOW_REMEDY, failure);
    }

    /** The exception for a request whose caller had less time than the answer took. */
    GitLabException tooLate(@Nullable Throwable failure) {
        return GitLabException.late(text("context deadline exceeded"), SLOW_REMEDY, failure);
    }

    /** The exception for a request that the rate limit would have held back for too long. */
    GitLabException limited() {
        return GitLabException.late(text("rate: Wait(n=1) would exceed context deadline"),
                "raise gitlab.api_rate_limit if GitLab can stand more calls", null);
    }

    private GitLabException connect(Throwable failure) {
        // an address of which Java can tell no more has none: the resolver's failure got lost on the way
        if (resolved().isEmpty()) {
            return dial("lookup " + peer.getHostString() + ": no such host", failure);
        }
        String message = messages(failure);
        String cause = message.contains("unreachable") ? "network is unreachable" : "connection refused";
        return dial(address() + ": connect: " + (message.contains("timed out") ? "connection timed out" : cause), failure);
    }

    private GitLabException dial(String what, Throwable failure) {
        String text = "dial tcp" + (what.startsWith("lookup ") ? ": " : " ") + what;
        return throughProxy
                ? failed("proxyconnect tcp: " + text, "set HTTP_PROXY, HTTPS_PROXY and NO_PROXY so that this host reaches gitlab.address",
                        failure)
                : failed(text, ADDRESS_REMEDY, failure);
    }

    private GitLabException tls(Throwable failure) {
        String message = messages(failure);
        if (message.contains("nrecognized SSL message")) {
            return failed("http: server gave HTTP response to HTTPS client",
                    "GitLab answers without TLS there: begin gitlab.address with http://, or use the port for HTTPS", failure);
        }
        if (has(failure, CertificateExpiredException.class) || has(failure, CertificateNotYetValidException.class)) {
            return unverified("certificate has expired or is not yet valid", "renew GitLab's certificate, or set this host's clock",
                    failure);
        }
        if (has(failure, CertPathBuilderException.class) || message.contains("PKIX path") || message.contains("trustAnchors")) {
            return unverified("certificate signed by unknown authority", CA_REMEDY, failure);
        }
        Optional<String> refused = find(failure, CertificateException.class).map(Throwable::getMessage);
        if (refused.isPresent()) {
            boolean name = refused.get().contains("name") || refused.get().contains("No subject alternative");
            return unverified(name ? "certificate is not valid for " + uri.getHost() : refused.get(), name ? NAME_REMEDY : CA_REMEDY,
                    failure);
        }
        Optional<String> last = find(failure, SSLException.class).map(Throwable::getMessage);
        return failed("tls: " + last.orElse("handshake failure"), "make GitLab offer TLS 1.2 or 1.3 with a cipher of forward secrecy",
                failure);
    }

    private GitLabException unverified(String what, String remedy, Throwable failure) {
        return failed("tls: failed to verify certificate: x509: " + what, remedy, failure);
    }

    private GitLabException broken(Throwable failure) {
        String message = messages(failure);
        String lower = message.toLowerCase(Locale.ROOT);
        if (lower.contains("connection reset")) {
            return failed("read tcp " + address() + ": read: connection reset by peer", BROKEN_REMEDY, failure);
        }
        if (has(failure, EOFException.class) || lower.contains("received no bytes") || lower.contains("connection closed")) {
            return failed("EOF", BROKEN_REMEDY, failure);
        }
        if (lower.contains("broken pipe")) {
            return failed("write tcp " + address() + ": write: broken pipe", BROKEN_REMEDY, failure);
        }
        if (has(failure, ProtocolException.class)) {
            return failed("net/http: HTTP/1.x transport connection broken: malformed HTTP response", ADDRESS_REMEDY, failure);
        }
        return failed(message.isEmpty() ? failure.getClass().getName() : message, BROKEN_REMEDY, failure);
    }

    /** The request itself is wrong; nothing was sent. */
    GitLabException refused(String what) {
        return GitLabException.unusable(text(what), "");
    }

    private GitLabException failed(String what, String remedy, Throwable failure) {
        return GitLabException.unreachable(text(what), remedy, failure);
    }

    private String text(String what) {
        return method.charAt(0) + method.substring(1).toLowerCase(Locale.ROOT) + " \"" + GitLabAddress.masked(uri) + "\": " + what;
    }

    private String address() {
        String host = resolved().map(InetAddress::getHostAddress).orElse(peer.getHostString());
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + peer.getPort();
    }

    private Optional<InetAddress> resolved() {
        try {
            return Optional.of(InetAddress.getByName(peer.getHostString()));
        } catch (UnknownHostException e) {
            return Optional.empty();
        }
    }

    private static boolean has(Throwable failure, Class<? extends Throwable> type) {
        return find(failure, type).isPresent();
    }

    private static <T extends Throwable> Optional<T> find(Throwable failure, Class<T> type) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return Optional.of(type.cast(cause));
            }
        }
        return Optional.empty();
    }

    /** What the failure and its causes say, the outermost first. */
    private static String messages(Throwable failure) {
        StringBuilder all = new StringBuilder();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String message = cause.getMessage();
            if (message != null && all.indexOf(message) < 0) {
                all.append(all.isEmpty() ? "" : ": ").append(message);
            }
        }
        return all.toString();
    }
}
