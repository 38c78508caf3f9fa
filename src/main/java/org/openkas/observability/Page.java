package org.openkas.observability;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * An answer of the observability listener.
 *
 * @param status the HTTP status
 * @param headers in the order of their names; without length, date and server
 * @param body may be empty; not copied
 * @param named whether the answer carries the {@code Server} header
 */
record Page(int status, Map<String, String> headers, byte[] body, boolean named) {
    private static final String TYPE = "Content-Type";
    private static final String TEXT = "text/plain; charset=utf-8";
    private static final Map<String, String> PLAIN = Map.of(TYPE, TEXT, "X-Content-Type-Options", "nosniff");

    /** All is well, and there is nothing to say. */
    static Page empty() {
        return new Page(200, Map.of(), new byte[0], true);
    }

    static Page of(String type, byte[] body) {
        return new Page(200, Map.of(TYPE, type), body, true);
    }

    /** A failure in words, one line. */
    static Page failure(int status, String text) {
        return new Page(status, PLAIN, line(text), true);
    }

    static Page notFound() {
        return new Page(404, PLAIN, line("404 page not found"), false);
    }

    private static byte[] line(String text) {
        return (text + "\n").getBytes(StandardCharsets.UTF_8);
    }
}
