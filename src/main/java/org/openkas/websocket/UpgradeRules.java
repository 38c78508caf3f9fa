package org.openkas.websocket;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.openkas.common.GoText;

/** The checks of a WebSocket upgrade, in their order and with their texts (chapter 01 §2.3). Stateless. */
public final class UpgradeRules {
    /** The subprotocol of agents. */
    public static final String SUBPROTOCOL = "ws-tunnel";

    private static final String KEY = "Sec-WebSocket-Key";
    private static final String ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final Map<String, String> OFFER = Map.of("Connection", "Upgrade", "Upgrade", "websocket");

    private UpgradeRules() {
    }

    /** Accepts or refuses. The path does not matter, nor do credentials: the token travels inside. */
    public static UpgradeDecision decide(UpgradeRequest request) {
        Optional<UpgradeDecision> violation = violation(request);
        if (violation.isPresent()) {
            return violation.get();
        }
        String origin = first(request, "Origin");
        String host = first(request, "Host");
        if (!origin.isEmpty() && !hostOf(origin).equalsIgnoreCase(host)) {
            return reject(403, "request Origin " + GoText.quoted(origin) + " is not authorized for Host " + GoText.quoted(host), Map.of());
        }
        return accept(first(request, KEY), offered(request, SUBPROTOCOL).orElse(""));
    }

    /**
     * Accepts or refuses a client that is not an agent: it has to offer {@code subprotocol}, and its origin is not looked at
     * here.
     */
    public static UpgradeDecision decide(UpgradeRequest request, String subprotocol) {
        return violation(request).orElseGet(() -> offered(request, subprotocol).map(spelling -> accept(first(request, KEY), spelling))
                .orElseGet(() -> reject(400, "the client has to offer subprotocol " + GoText.quoted(subprotocol), Map.of())));
    }

    private static Optional<UpgradeDecision> violation(UpgradeRequest request) {
        if (below11(request.version())) {
            return violation(426,
                    "WebSocket protocol violation: handshake request must be at least HTTP/1.1: " + GoText.quoted(request.version()),
                    Map.of());
        }
        if (!hasToken(request, "Connection", "Upgrade")) {
            return violation(426, "WebSocket protocol violation: Connection header " + GoText.quoted(first(request, "Connection"))
                    + " does not contain Upgrade", OFFER);
        }
        if (!hasToken(request, "Upgrade", "websocket")) {
            return violation(426, "WebSocket protocol violation: Upgrade header " + GoText.quoted(first(request, "Upgrade"))
                    + " does not contain websocket", OFFER);
        }
        if (!request.method().equals("GET")) {
            return violation(405,
                    "WebSocket protocol violation: handshake request method is not GET but " + GoText.quoted(request.method()), Map.of());
        }
        if (!first(request, "Sec-WebSocket-Version").equals("13")) {
            return violation(400, "unsupported WebSocket protocol version (only 13 is supported): "
                    + GoText.quoted(first(request, "Sec-WebSocket-Version")), Map.of("Sec-WebSocket-Version", "13"));
        }
        return first(request, KEY).isEmpty()
                ? violation(400, "WebSocket protocol violation: missing Sec-WebSocket-Key", Map.of())
                : Optional.empty();
    }

    private static Optional<UpgradeDecision> violation(int status, String text, Map<String, String> extra) {
        return Optional.of(reject(status, text, extra));
    }

    private static Optional<String> offered(UpgradeRequest request, String subprotocol) {
        return tokens(request, "Sec-WebSocket-Protocol").filter(subprotocol::equalsIgnoreCase).findFirst();
    }

    /** What to close an accepted WebSocket with at once, if its subprotocol is not exactly ours. */
    public static Optional<CloseReason> checkSubprotocol(String subprotocol) {
        return subprotocol.equals(SUBPROTOCOL) ? Optional.empty() : Optional.of(CloseReason.wrongSubprotocol(subprotocol));
    }

    private static UpgradeDecision accept(String key, String subprotocol) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Upgrade", "websocket");
        headers.put("Connection", "Upgrade");
        headers.put("Sec-WebSocket-Accept", acceptKey(key));
        if (!subprotocol.isEmpty()) {
            headers.put("Sec-WebSocket-Protocol", subprotocol);
        }
        return new UpgradeDecision.Accept(headers, subprotocol);
    }

    private static UpgradeDecision reject(int status, String text, Map<String, String> extra) {
        Map<String, String> headers = new LinkedHashMap<>(extra);
        headers.put("Content-Type", "text/plain; charset=utf-8");
        headers.put("X-Content-Type-Options", "nosniff");
        return new UpgradeDecision.Reject(status, text + "\n", headers);
    }

    /** What a server answers to a key. */
    static String acceptKey(String key) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-1").digest((key + ACCEPT_SUFFIX).getBytes(StandardCharsets.ISO_8859_1));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-1", e);
        }
    }

    private static boolean below11(String version) {
        return version.startsWith("HTTP/0.") || version.equals("HTTP/1.0");
    }

    private static String first(UpgradeRequest request, String name) {
        List<String> lines = request.headers(name);
        return lines.isEmpty() ? "" : lines.getFirst();
    }

    private static boolean hasToken(UpgradeRequest request, String name, String token) {
        return tokens(request, name).anyMatch(token::equalsIgnoreCase);
    }

    private static Stream<String> tokens(UpgradeRequest request, String name) {
        return request.headers(name).stream().flatMap(line -> Stream.of(line.split(",", -1))).map(String::strip);
    }

    /** Host and port of an origin; empty, and so different from any host, where there is none. */
    private static String hostOf(String origin) {
        try {
            String authority = new URI(origin).getRawAuthority();
            return authority == null ? "" : authority.substring(authority.lastIndexOf('@') + 1).toLowerCase(Locale.ROOT);
        } catch (URISyntaxException e) {
            return "";
        }
    }
}
