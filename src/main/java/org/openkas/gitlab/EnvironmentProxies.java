package org.openkas.gitlab;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Proxies as {@code HTTP_PROXY}, {@code HTTPS_PROXY} and {@code NO_PROXY} (or their lower-case forms) say: by the scheme of the
 * URL asked for, never for the host itself. Only proxies reached without TLS are possible. Immutable.
 */
public final class EnvironmentProxies extends ProxySelector {
    private final Optional<HttpProxy> http;
    private final Optional<HttpProxy> https;
    private final NoProxy exceptions;

    /** A proxy and what it wants to hear in {@code Proxy-Authorization}, if anything. */
    private record HttpProxy(InetSocketAddress address, Optional<String> authorization) {
    }

    private EnvironmentProxies(Optional<HttpProxy> http, Optional<HttpProxy> https, NoProxy exceptions) {
        this.http = http;
        this.https = https;
        this.exceptions = exceptions;
    }

    /**
     * Reads the variables.
     *
     * @throws GitLabSetupException if one of them cannot be understood
     */
    public static EnvironmentProxies of(Map<String, String> environment) throws GitLabSetupException {
        return new EnvironmentProxies(proxy("HTTP_PROXY", environment), proxy("HTTPS_PROXY", environment),
                NoProxy.parse(value("NO_PROXY", environment)));
    }

    private static String value(String name, Map<String, String> environment) {
        String upper = environment.getOrDefault(name, "");
        return upper.isEmpty() ? environment.getOrDefault(name.toLowerCase(Locale.ROOT), "") : upper;
    }

    private static Optional<HttpProxy> proxy(String name, Map<String, String> environment) throws GitLabSetupException {
        String value = value(name, environment);
        if (value.isEmpty()) {
            return Optional.empty();
        }
        URI uri;
        try {
            uri = new URI(value.contains("://") ? value : "http://" + value);
        } catch (URISyntaxException e) {
            throw wrong(name);
        }
        if (!"http".equalsIgnoreCase(uri.getScheme()) || uri.getHost() == null) {
            throw wrong(name);
        }
        Optional<String> authorization = Optional.ofNullable(uri.getUserInfo())
                .map(user -> "Basic " + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8)));
        // not resolved here: the name may come to mean another address while the server runs
        return Optional.of(new HttpProxy(InetSocketAddress.createUnresolved(uri.getHost(), uri.getPort() < 0 ? 80 : uri.getPort()),
                authorization));
    }

    private static GitLabSetupException wrong(String name) {
        // the value is not shown, since it may hold a password
        return new GitLabSetupException(
                "environment variable " + name + " is not the address of an HTTP proxy; it must look like http://proxy.example.com:3128",
                null);
    }

    /** The proxy for a URL, if it is to be asked for through one. */
    Optional<InetSocketAddress> proxy(URI uri) {
        return find(uri).map(HttpProxy::address);
    }

    /** What the proxy for a URL wants to hear in {@code Proxy-Authorization}. */
    public Optional<String> authorization(URI uri) {
        return find(uri).flatMap(HttpProxy::authorization);
    }

    private Optional<HttpProxy> find(URI uri) {
        Optional<HttpProxy> proxy = "https".equals(uri.getScheme()) ? https : http;
        return proxy.filter(any -> !exceptions.matches(uri));
    }

    @Override
    public List<Proxy> select(URI uri) {
        return List.of(proxy(uri).map(address -> new Proxy(Proxy.Type.HTTP, resolved(address))).orElse(Proxy.NO_PROXY));
    }

    private static InetSocketAddress resolved(InetSocketAddress address) {
        try {
            return new InetSocketAddress(InetAddress.getByName(address.getHostString()), address.getPort());
        } catch (IOException e) {
            // the attempt to connect will say so
            return address;
        }
    }

    @Override
    public void connectFailed(URI uri, SocketAddress address, IOException failure) {
        // the caller is told by the failure itself
    }
}
