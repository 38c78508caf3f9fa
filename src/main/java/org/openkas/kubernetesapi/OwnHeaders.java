package org.openkas.kubernetesapi;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.openkas.proto.prototool.Values;

/** The headers of answers: the server's own (chapter 03 §3, §4), and an agent's with the rules of §12.2. Without state. */
final class OwnHeaders {
    private static final String ALLOW_ORIGIN = "Access-Control-Allow-Origin";
    private static final String ALLOW_CREDENTIALS = "Access-Control-Allow-Credentials";
    private static final String METHODS = "GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH";

    private OwnHeaders() {
    }

    /** None. */
    static HeaderLines none() {
        return HeaderLines.of(Map.of());
    }

    /** Of an answer that the server makes itself; {@code origin} is the allowed one that the client named. */
    static HeaderLines of(String serverName, Optional<String> origin) {
        HeaderLines headers = none();
        headers.replace("Server", List.of(serverName));
        addOrigin(headers, origin);
        return headers;
    }

    private static void addOrigin(HeaderLines headers, Optional<String> origin) {
        if (origin.isPresent()) {
            headers.replace(ALLOW_ORIGIN, List.of(origin.get()));
            headers.replace(ALLOW_CREDENTIALS, List.of("true"));
            List<String> upstream = headers.values("Vary");
            headers.remove("Vary");
            headers.add("Vary", "Origin");
            upstream.forEach(value -> headers.add("Vary", value));
        }
    }

    /** Of the answer to a browser that asks what it may do. */
    static HeaderLines preflight(RequestHead request, String serverName, Optional<String> origin) {
        HeaderLines headers = of(serverName, origin);
        List<String> wanted = request.headers().texts("Access-Control-Request-Headers");
        if (!wanted.isEmpty()) {
            headers.replace("Access-Control-Allow-Headers", wanted);
        }
        headers.replace("Access-Control-Allow-Methods", List.of(METHODS));
        headers.replace("Access-Control-Max-Age", List.of("86400"));
        return headers;
    }

    /** Of an agent's answer; {@code namesProtocols} if its status is one of those that HTTP wants an {@code Upgrade} with. */
    static HeaderLines ofAgent(Map<String, Values> sent, boolean namesProtocols, Proxy proxy, Optional<String> origin, long agentId) {
        HeaderLines headers = HeaderLines.of(sent);
        headers.dropHopByHop();
        proxy.allowedHeaders().sift(headers, namesProtocols, agentId);
        addOrigin(headers, origin);
        headers.add("Via", proxy.via());
        AnswerHead.date(headers, proxy.timers().now());
        return headers;
    }
}
