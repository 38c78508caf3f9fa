package org.openkas.demo;

import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
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
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * A kubeconfig, as far as the demo's agent understands it. What it does not understand it refuses: the cluster would see
 * somebody else, or nobody.
 */
final class KubeconfigFile {
    private static final Set<String> UNKNOWN_OF_USER = Set.of("exec", "auth-provider", "username", "password", "as", "as-groups", "as-uid",
            "as-user-extra");
    private static final Set<String> UNKNOWN_OF_CLUSTER = Set.of("proxy-url", "tls-server-name");

    private final Path file;

    KubeconfigFile(Path file) {
        this.file = file;
    }

    /** The cluster of the current context. */
    ClusterAddress cluster() throws IOException {
        Map<?, ?> root;
        try {
            root = part(new Yaml(new SafeConstructor(new LoaderOptions())).load(Files.readString(file)));
        } catch (NoSuchFileException e) {
            throw wrong("no such file", e);
        } catch (IOException e) {
            throw wrong("cannot be read: " + e.getMessage(), e);
        } catch (YAMLException e) {
            throw wrong("not YAML: " + e.getMessage(), e);
        }
        if (text(root, "current-context").isEmpty()) {
            throw wrong("current-context: is missing or empty; name one of contexts, or choose with kubectl config use-context");
        }
        Map<?, ?> context = named(root, "contexts", text(root, "current-context"), "context");
        Map<?, ?> cluster = named(root, "clusters", text(context, "cluster"), "cluster");
        Map<?, ?> user = text(context, "user").isEmpty() ? Map.of() : named(root, "users", text(context, "user"), "user");
        refuse(user, UNKNOWN_OF_USER, "users[].user.%s: not supported here; give a token, a tokenFile or a client certificate");
        refuse(cluster, UNKNOWN_OF_CLUSTER, "clusters[].cluster.%s: not supported here; take it away");
        URI server;
        try {
            server = URI.create(text(cluster, "server"));
        } catch (IllegalArgumentException e) {
            throw wrong("clusters[].cluster.server: not a URL", e);
        }
        if (!List.of("http", "https").contains(String.valueOf(server.getScheme())) || server.getHost() == null) {
            throw wrong("clusters[].cluster.server: expected a URL that begins with https:// or http://");
        }
        boolean insecure = "true".equals(text(cluster, "insecure-skip-tls-verify"));
        Optional<SSLContext> tls = "https".equals(server.getScheme())
                ? Optional.of(context(cluster, user, insecure))
                : Optional.empty();
        Optional<byte[]> token = data(user, "tokenFile");
        return ClusterAddress.of(server, tls, !insecure, token.map(bytes -> new String(bytes, StandardCharsets.UTF_8).strip())
                .or(() -> Optional.of(text(user, "token"))).filter(text -> !text.isEmpty()));
    }

    /** What is asked for and not known here must not be passed over: the cluster would see somebody else, or nobody. */
    private void refuse(Map<?, ?> part, Set<String> unknown, String problem) throws IOException {
        for (Object key : part.keySet()) {
            if (unknown.contains(String.valueOf(key))) {
                throw wrong(problem.replace("%s", String.valueOf(key)));
            }
        }
    }

    private IOException wrong(String problem) {
        return new IOException("kubeconfig " + file + ": " + problem);
    }

    private IOException wrong(String problem, Exception cause) {
        return new IOException("kubeconfig " + file + ": " + problem, cause);
    }

    private SSLContext context(Map<?, ?> cluster, Map<?, ?> user, boolean insecure) throws IOException {
        SslContextBuilder builder = SslContextBuilder.forClient().sslProvider(SslProvider.JDK);
        Optional<byte[]> ca = data(cluster, "certificate-authority");
        Optional<byte[]> certificate = data(user, "client-certificate");
        Optional<byte[]> key = data(user, "client-key");
        try {
            if (insecure) {
                builder.trustManager(InsecureTrustManagerFactory.INSTANCE);
            } else if (ca.isPresent()) {
                builder.trustManager(new ByteArrayInputStream(ca.get()));
            }
            if (certificate.isPresent() != key.isPresent()) {
                throw wrong("users[].user: client-certificate and client-key are both needed");
            }
            if (certificate.isPresent() && key.isPresent()) {
                builder.keyManager(new ByteArrayInputStream(certificate.get()), new ByteArrayInputStream(key.get()));
            }
            return ((JdkSslContext) builder.build()).context();
        } catch (IllegalArgumentException e) {
            throw wrong("a certificate or key cannot be used: " + e.getMessage(), e);
        }
    }

    private Map<?, ?> named(Map<?, ?> root, String list, String name, String member) throws IOException {
        if (root.get(list) instanceof List<?> entries) {
            for (Object entry : entries) {
                if (name.equals(text(part(entry), "name"))) {
                    return part(part(entry).get(member));
                }
            }
        }
        throw wrong(list + ": no entry named \"" + name + "\"");
    }

    private static Map<?, ?> part(@Nullable Object value) {
        return value instanceof Map<?, ?> map ? map : Map.of();
    }

    private static String text(Map<?, ?> map, String name) {
        Object value = map.get(name);
        return value == null ? "" : value.toString();
    }

    /** What stands in the file, or in the file that it names. */
    private Optional<byte[]> data(Map<?, ?> map, String name) throws IOException {
        String inline = text(map, name + "-data");
        if (!inline.isEmpty()) {
            try {
                return Optional.of(Base64.getMimeDecoder().decode(inline));
            } catch (IllegalArgumentException e) {
                throw wrong(name + "-data: not Base64", e);
            }
        }
        String path = text(map, name);
        try {
            return path.isEmpty() ? Optional.empty() : Optional.of(Files.readAllBytes(file.resolveSibling(path)));
        } catch (IOException e) {
            throw wrong(name + ": " + e, e);
        }
    }
}
