package org.openkas.gitlab;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.openkas.common.GoText;
import org.openkas.common.HttpText;

/**
 * Makes the requests over GitLab's HTTP API (chapter 02 §3.9). What concerns one connection only does not go on to the next
 * one. A path that would lead out of the module's part of the API is refused: the request carries this server's own token,
 * which must not open other doors. Requests leave the last places and tokens of the rate limit to look-ups. Thread-safe.
 */
public final class HttpModuleRequests implements ModuleRequests {
    private static final String MODULES = "/api/v4/internal/kubernetes/modules/";
    private static final Set<String> OF_THE_CONNECTION = Set.of("connection", "content-length", "expect", "host", "keep-alive",
            "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade");

    private final GitLabClient gitLab;

    /** Asks this GitLab. */
    public HttpModuleRequests(GitLabClient gitLab) {
        this.gitLab = gitLab;
    }

    @Override
    public GitLabResponse make(ModuleRequest request) throws GitLabException, InterruptedException {
        if (!HttpText.isToken(request.method())) {
            throw GitLabException.unusable("NewRequest: net/http: invalid method " + GoText.quoted(request.method()), "");
        }
        GitLabRequest call = GitLabRequest.of(request.method(), MODULES + pathEscaped(request.module()) + request.path())
                .asAgent(request.agent()).body(request.body()).retried().inBackground().queries(query(request.query()));
        String objection = objection(call, request.headers()).orElse("");
        if (!objection.isEmpty()) {
            throw gitLab.refused(call, objection);
        }
        return gitLab.send(call.headers(headers(request.headers())));
    }

    private static Map<String, List<String>> query(Map<String, List<String>> sent) {
        Map<String, List<String>> query = new TreeMap<>(sent);
        query.values().removeIf(List::isEmpty);
        return query;
    }

    private static Optional<String> objection(GitLabRequest call, Map<String, List<String>> headers) {
        if (call.method().equals("CONNECT")) {
            return Optional.of("no tunnels through GitLab");
        }
        if (leaves(call.path())) {
            return Optional.of("the path leads out of the module");
        }
        for (Map.Entry<String, List<String>> header : headers.entrySet()) {
            if (!HttpText.isToken(header.getKey())) {
                return Optional.of("net/http: invalid header field name " + GoText.quoted(header.getKey()));
            }
            if (!header.getValue().stream().allMatch(HttpModuleRequests::sendable)) {
                return Optional.of("net/http: invalid header field value for " + GoText.quoted(header.getKey()));
            }
        }
        return Optional.empty();
    }

    /** Those that go on, by lower-case name. */
    private static Map<String, List<String>> headers(Map<String, List<String>> sent) {
        Map<String, List<String>> headers = new TreeMap<>();
        sent.forEach((name, values) -> {
            String lower = name.toLowerCase(Locale.ROOT);
            if (!OF_THE_CONNECTION.contains(lower)) {
                headers.computeIfAbsent(lower, ignored -> new ArrayList<>()).addAll(values);
            }
        });
        return headers;
    }

    /** Whether proxies on the way could take a segment for a step up. */
    private static boolean leaves(String path) {
        return Arrays.stream(path.split("/", -1)).anyMatch(segment -> segment.equals(".") || segment.equals(".."));
    }

    private static boolean sendable(String value) {
        return value.chars().allMatch(character -> character == '\t' || (character >= ' ' && character <= 0xff && character != 0x7f));
    }

    /** As one segment of a path. It is encoded once more as part of the whole path (chapter 02 §2.2). */
    private static String pathEscaped(String module) {
        return URLEncoder.encode(module, StandardCharsets.UTF_8).replace("+", "%20").replace("*", "%2A").replace("%7E", "~")
                .replace("%24", "$").replace("%26", "&").replace("%2B", "+").replace("%3A", ":").replace("%3D", "=").replace("%40", "@");
    }
}
