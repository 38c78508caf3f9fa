package org.openkas.demo;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** Where a Kubernetes API is, and how to show who one is there. Immutable and thread-safe; its text has no secret. */
public final class ClusterAddress {
    private static final int CONNECT_MILLIS = 30_000;

    private final URI server;
    private final Optional<SSLContext> tls;
    private final boolean checksName;
    private final Optional<String> token;

    private ClusterAddress(URI server, Optional<SSLContext> tls, boolean checksName, Optional<String> token) {
        this.server = server;
        this.tls = tls;
        this.checksName = checksName;
        this.token = token;
    }

    /** An API that takes everybody, over plain HTTP. */
    public static ClusterAddress plain(URI server) {
        return new ClusterAddress(server, Optional.empty(), false, Optional.empty());
    }

    /**
     * The cluster of a kubeconfig's current context: with a CA, and a client certificate or a token.
     *
     * @throws IOException if the file cannot be read, or asks for something that is not known here, such as a plug-in; the
     *         message names the file, the field and the remedy
     */
    public static ClusterAddress ofKubeconfig(Path file) throws IOException {
        return new KubeconfigFile(file).cluster();
    }

    /** With all that a kubeconfig may say. */
    static ClusterAddress of(URI server, Optional<SSLContext> tls, boolean checksName, Optional<String> token) {
        return new ClusterAddress(server, tls, checksName, token);
    }

    /** What a request's {@code Host} says. */
    String host() {
        return server.getRawAuthority();
    }

    /** What stands before every path. */
    String prefix() {
        String path = Optional.ofNullable(server.getRawPath()).orElse("");
        return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    }

    /** The own credentials' header, which goes out over TLS only. */
    Optional<String> authorization() {
        return tls.isPresent() ? token.map(text -> "Bearer " + text) : Optional.empty();
    }

    /** A new connection that speaks HTTP/1.1. */
    Socket connect() throws IOException {
        int port = server.getPort() >= 0 ? server.getPort() : tls.isPresent() ? 443 : 80;
        Socket socket = new Socket();
        try {
            socket.setTcpNoDelay(true);
            socket.connect(new InetSocketAddress(server.getHost(), port), CONNECT_MILLIS);
            if (tls.isEmpty()) {
                return socket;
            }
            SSLSocket secure = (SSLSocket) tls.get().getSocketFactory().createSocket(socket, server.getHost(), port, true);
            SSLParameters parameters = secure.getSSLParameters();
            if (checksName) {
                parameters.setEndpointIdentificationAlgorithm("HTTPS");
            }
            secure.setSSLParameters(parameters);
            secure.startHandshake();
            return secure;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    @Override
    public String toString() {
        return server.toString();
    }
}
