package org.openkas.gitlab;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Where GitLab is, and how paths and queries are joined to that (chapter 02 §2.2). Immutable. */
public final class GitLabAddress {
    /** What stays as it is in a path, besides letters and digits. */
    private static final HexFormat HEX = HexFormat.of().withUpperCase();
    private static final String PLAIN = "-_.~$&+,/:;=@";

    private final String origin;
    private final String basePath;
    private final Map<String, List<String>> baseQuery;
    private final String scheme;

    private GitLabAddress(String scheme, String origin, String basePath, Map<String, List<String>> baseQuery) {
        this.scheme = scheme;
        this.origin = origin;
        this.basePath = basePath;
        this.baseQuery = baseQuery;
    }

    /**
     * Reads an absolute http or https URL.
     *
     * @throws GitLabSetupException if it is something else
     */
    public static GitLabAddress parse(String address) throws GitLabSetupException {
        URI uri;
        try {
            uri = new URI(address);
        } catch (URISyntaxException e) {
            throw wrong(address);
        }
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        if (!(scheme.equals("http") || scheme.equals("https")) || uri.getHost() == null) {
            throw wrong(address);
        }
        String origin = scheme + "://" + uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
        return new GitLabAddress(scheme, origin, uri.getPath(), uri.getRawQuery() == null ? Map.of() : parseQuery(uri.getRawQuery()));
    }

    private static GitLabSetupException wrong(String address) {
        return new GitLabSetupException("gitlab.address: \"" + address
                + "\" is not an absolute URL; it must look like https://gitlab.example.com or http://localhost:8080/gitlab", null);
    }

    /** Whether connections are to be encrypted. */
    boolean secure() {
        return scheme.equals("https");
    }

    /**
     * The URL of a request.
     *
     * @param path not encoded
     * @param query values by name; if it is empty the query of this address is left out as well
     */
    URI resolve(String path, Map<String, List<String>> query) {
        String text = origin + encodePath(join(path));
        if (!query.isEmpty()) {
            Map<String, List<String>> merged = new TreeMap<>(baseQuery);
            merged.putAll(query);
            text += "?" + query(merged);
        }
        return URI.create(text);
    }

    /** Query parameters as URLs have them, by name. */
    public static String query(Map<String, List<String>> values) {
        return new TreeMap<>(values).entrySet().stream()
                .flatMap(entry -> entry.getValue().stream().map(value -> pair(entry.getKey(), value))).collect(Collectors.joining("&"));
    }

    private String join(String path) {
        if (basePath.isEmpty()) {
            return path.isEmpty() ? "/" : path;
        }
        if (path.isEmpty()) {
            return basePath;
        }
        String base = basePath.endsWith("/") ? basePath.substring(0, basePath.length() - 1) : basePath;
        return base + (path.startsWith("/") ? path : "/" + path);
    }

    /** The URL as error texts show it: each value of the query is an {@code x}, because values are ids and names of users. */
    static String masked(URI uri) {
        String text = uri.getScheme() + "://" + uri.getRawAuthority() + uri.getRawPath();
        return uri.getRawQuery() == null
                ? text
                : text + "?"
                        + parseQuery(uri.getRawQuery()).keySet().stream().map(name -> pair(name, "x")).collect(Collectors.joining("&"));
    }

    private static Map<String, List<String>> parseQuery(String query) {
        Map<String, List<String>> values = new TreeMap<>();
        for (String pair : query.split("&", -1)) {
            if (!pair.isEmpty()) {
                String[] parts = pair.split("=", 2);
                values.computeIfAbsent(decode(parts[0]), name -> new ArrayList<>()).add(parts.length == 2 ? decode(parts[1]) : "");
            }
        }
        return values;
    }

    private static String decode(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    private static String pair(String name, String value) {
        return encodeForm(name) + "=" + encodeForm(value);
    }

    private static String encodeForm(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("*", "%2A").replace("%7E", "~");
    }

    private static String encodePath(String path) {
        StringBuilder encoded = new StringBuilder(path.length() + 8);
        for (byte octet : path.getBytes(StandardCharsets.UTF_8)) {
            char character = (char) (octet & 0xff);
            if (character < 0x80 && (Character.isLetterOrDigit(character) || PLAIN.indexOf(character) >= 0)) {
                encoded.append(character);
            } else {
                encoded.append('%').append(HEX.toHexDigits(octet));
            }
        }
        return encoded.toString();
    }

    @Override
    public String toString() {
        return origin + basePath;
    }
}
