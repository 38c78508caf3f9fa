package org.openkas.kubernetesapi;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How browsers get a token and show it (chapter 07 §8.2): they ask for it with a parameter, and name it among the subprotocols
 * of a WebSocket. It never reaches a cluster. Without state.
 */
final class TokenProtocol {
    /** The parameter with which a token is asked for. */
    static final String PARAMETER = "kas-websocket-token-request";

    private static final String PROTOCOLS = "Sec-Websocket-Protocol";
    private static final String PREFIX = "websocket-token.kas.gitlab.com.";

    private TokenProtocol() {
    }

    /** Whether a request asks for a token, and for nothing else. */
    static boolean asks(RequestHead request) {
        return request.target().query().getOrDefault(PARAMETER, List.of()).contains("true");
    }

    /** The token that a client shows. */
    static Optional<String> token(HeaderLines headers) {
        return headers.values(PROTOCOLS).stream().flatMap(line -> Stream.of(line.split(",", -1))).map(String::strip)
                .filter(TokenProtocol::isToken).map(protocol -> protocol.substring(PREFIX.length())).findFirst();
    }

    /** Takes tokens out of the list of subprotocols. */
    static void remove(HeaderLines headers) {
        List<String> lines = headers.values(PROTOCOLS);
        if (lines.stream().noneMatch(line -> line.toLowerCase(Locale.ROOT).contains(PREFIX))) {
            return;
        }
        List<String> left = lines.stream().map(line -> Stream.of(line.split(",", -1))
                .filter(protocol -> !isToken(protocol.strip())).collect(Collectors.joining(",")).strip()).filter(line -> !line.isEmpty())
                .toList();
        headers.remove(PROTOCOLS);
        left.forEach(line -> headers.add(PROTOCOLS, line));
    }

    private static boolean isToken(String protocol) {
        return protocol.toLowerCase(Locale.ROOT).startsWith(PREFIX);
    }
}
