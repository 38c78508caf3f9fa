package org.openkas.demo;

import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/** Where a Kubernetes API is, and how to show who one is there. Immutable and thread-safe; its text has no secret. */
public final class ClusterAddress {
    private static final int CONNECT_MILLIS = 30_000;
    private static final Set<String> UNKNOWN_OF_USER = Set.of("exec", "auth-provider", "username", "password", "as", "as-groups", "as-uid",
            "as-user-extra");
    private static final Set<String> UNKNOWN_OF_CLUSTER = Set.of("proxy-url", "tls-server-name");

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
        Map<?, ?> root;
        try {
            root = part(new Yaml(new SafeConstructor(new LoaderOptions())).load(Files.readString(file)));
        } catch (NoSuchFileException e) {
            throw wrong(file, "no such file", e);
        } catch (YAMLException e) {
            throw wrong(file, "not YAML: " + e.getMessage(), e);
        }
        if (text(root, "current-context").isEmpty()) {
            throw wrong(file, "current-context: is missing or empty; name one of contexts, or choose with kubectl config use-context");
        }
        Map<?, ?> context = named(root, "contexts", text(root, "current-context"), "context", file);
        Map<?, ?> cluster = named(root, "clusters", text(context, "cluster"), "cluster", file);
        Map<?, ?> user = text(context, "user").isEmpty() ? Map.of() : named(root, "users", text(context, "user"), "user", file);
        refuse(user, UNKNOWN_OF_USER, file, "users[].user.%s: not supported here; give a token, a tokenFile or a client certificate");
        refuse(cluster, UNKNOWN_OF_CLUSTER, file, "clusters[].cluster.%s: not supported here; take it away");
        URI server;
        try {
            server = URI.create(text(cluster, "server"));
        } catch (IllegalArgumentException e) {
            throw wrong(file, "clusters[].cluster.server: not a URL", e);
        }
        if (!List.of("http", "https").contains(String.valueOf(server.getScheme())) || server.getHost() == null) {
            throw wrong(file, "clusters[].cluster.server: expected a URL that begins with https:// or http://");
        }
        boolean insecure = "true".equals(text(cluster, "insecure-skip-tls-verify"));
        Optional<SSLContext> tls = "https".equals(server.getScheme())
                ? Optional.of(context(cluster, user, insecure, file))
                : Optional.empty();
        Optional<byte[]> token = data(user, "tokenFile", file);
        return new ClusterAddress(server, tls, !insecure, token.map(bytes -> new String(bytes, StandardCharsets.UTF_8).strip())
                .or(() -> Optional.of(text(user, "token"))).filter(text -> !text.isEmpty()));
    }

    /** What is asked for and not known here must not be passed over: the cluster would see somebody else, or nobody. */
    private static void refuse(Map<?, ?> part, Set<String> unknown, Path file, String problem) throws IOException {
        for (Object key : part.keySet()) {
            if (unknown.contains(String.valueOf(key))) {
                throw wrong(file, problem.replace("%s", String.valueOf(key)));
            }
        }
    }

    private static IOException wrong(Path file, String problem) {
        return new IOException("kubeconfig " + file + ": " + problem);
    }

    private static IOException wrong(Path file, String problem, Exception cause) {
        return new IOException("kubeconfig " + file + ": " + problem, cause);
    }

    private static SSLContext context(Map<?, ?> cluster, Map<?, ?> user, boolean insecure, Path file) throws IOException {
        SslContextBuilder builder = SslContextBuilder.forClient().sslProvider(SslProvider.JDK);
        Optional<byte[]> ca = data(cluster, "certificate-authority", file);
        Optional<byte[]> certificate = data(user, "client-certificate", file);
        Optional<byte[]> key = data(user, "client-key", file);
        try {
            if (insecure) {
                builder.trustManager(InsecureTrustManagerFactory.INSTANCE);
            } else if (ca.isPresent()) {
                builder.trustManager(new ByteArrayInputStream(ca.get()));
            }
            if (certificate.isPresent() != key.isPresent()) {
                throw wrong(file, "users[].user: client-certificate and client-key are both needed");
            }
            if (certificate.isPresent() && key.isPresent()) {
                builder.keyManager(new ByteArrayInputStream(certificate.get()), new ByteArrayInputStream(key.get()));
            }
            return ((JdkSslContext) builder.build()).context();
        } catch (IllegalArgumentException e) {
            throw wrong(file, "a certificate or key cannot be used: " + e.getMessage(), e);
        }
    }

    private static Map<?, ?> named(Map<?, ?> root, String list, String name, String member, Path file) throws IOException {
        if (root.get(list) instanceof List<?> entries) {
            for (Object entry : entries) {
                if (name.equals(text(part(entry), "name"))) {
                    return part(part(entry).get(member));
                }
            }
        }
        throw wrong(file, list + ": no entry named \"" + name + "\"");
    }

    private static Map<?, ?> part(@org.jspecify.annotations.Nullable Object value) {
        return value instanceof Map<?, ?> map ? map : Map.of();
    }

    private static String text(Map<?, ?> map, String name) {
        Object value = map.get(name);
        return value == null ? "" : value.toString();
    }

    /** What stands in the file, or in the file that it names. */
    private static Optional<byte[]> data(Map<?, ?> map, String name, Path file) throws IOException {
        String inline = text(map, name + "-data");
        if (!inline.isEmpty()) {
            try {
                return Optional.of(Base64.getMimeDecoder().decode(inline));
            } catch (IllegalArgumentException e) {
                throw wrong(file, name + "-data: not Base64", e);
            }
        }
        String path = text(map, name);
        try {
            return path.isEmpty() ? Optional.empty() : Optional.of(Files.readAllBytes(file.resolveSibling(path)));
        } catch (IOException e) {
            throw wrong(file, name + ": " + e, e);
        }
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
