package org.openkas.testkit;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * A request that reached {@link FakeGitLab}.
 *
 * @param path the whole path as sent, percent-encoded, without query
 * @param query as sent; empty if there is none
 * @param headers by lower-case name, values in their order
 * @param nanos when it arrived, by {@link System#nanoTime}
 */
public record GitLabRequestSeen(String method, String path, String query, Map<String, List<String>> headers, byte[] body, long nanos) {

    /** The only value of a header, or the empty string if it is absent. */
    public String header(String name) {
        List<String> values = headers.getOrDefault(name.toLowerCase(java.util.Locale.ROOT), List.of());
        if (values.size() > 1) {
            throw new AssertionError("header " + name + " was sent " + values.size() + " times");
        }
        return values.isEmpty() ? "" : values.getFirst();
    }

    public String bodyText() {
        return new String(body, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return method + " " + path + (query.isEmpty() ? "" : "?" + query);
    }
}
