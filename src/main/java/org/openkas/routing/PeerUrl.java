package org.openkas.routing;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;
import org.openkas.common.GoText;

/** The URL of a server's private API (chapter 04 §5.9). */
sealed interface PeerUrl {
    /** {@code host:port}, plain or with TLS. */
    record Remote(String authority, boolean tls) implements PeerUrl {
    }

    /** A unix socket. */
    record UnixSocket(String path) implements PeerUrl {
    }

    /**
     * Understands a URL.
     *
     * @throws PeerUrlException if it is none, or of another scheme
     */
    static PeerUrl parse(String url) throws PeerUrlException {
        URI uri;
        try {
            uri = new URI(url);
        } catch (URISyntaxException e) {
            throw new PeerUrlException("parse " + GoText.quoted(url) + ": " + e.getReason());
        }
        return switch (Optional.ofNullable(uri.getScheme()).orElse("")) {
            case "grpc" -> new Remote(authority(url, uri, 80), false);
            case "grpcs" -> new Remote(authority(url, uri, 443), true);
            case "unix" -> new UnixSocket(path(url, uri));
            default -> throw new PeerUrlException("unsupported URL scheme in " + url);
        };
    }

    private static String authority(String url, URI uri, int defaultPort) throws PeerUrlException {
        String host = uri.getHost();
        if (host == null) {
            throw new PeerUrlException("parse " + GoText.quoted(url) + ": no host");
        }
        return host + ":" + (uri.getPort() < 0 ? defaultPort : uri.getPort());
    }

    private static String path(String url, URI uri) throws PeerUrlException {
        String path = Optional.ofNullable(uri.getPath()).orElse("");
        if (path.isEmpty() || uri.getRawAuthority() != null) {
            throw new PeerUrlException("parse " + GoText.quoted(url) + ": the path of a socket is absolute, as in unix:///run/kas.sock");
        }
        return path;
    }
}
