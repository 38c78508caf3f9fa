package org.openkas.observability;

import java.util.Map;

/**
 * An answer of the observability listener.
 *
 * @param status the HTTP status
 * @param headers in the order of their names; without length, date and server
 * @param body may be empty
 * @param named whether the answer carries the {@code Server} header
 */
record Page(int status, Map<String, String> headers, String body, boolean named) {
    private static final String TYPE = "Content-Type";
    private static final String TEXT = "text/plain; charset=utf-8";
    private static final Map<String, String> PLAIN = Map.of(TYPE, TEXT, "X-Content-Type-Options", "nosniff");

    /** All is well, and there is nothing to say. */
    static Page empty() {
        return new Page(200, Map.of(), "", true);
    }

    static Page of(String type, String body) {
        return new Page(200, Map.of(TYPE, type), body, true);
    }

    /** A failure in words, one line. */
    static Page failure(int status, String text) {
        return new Page(status, PLAIN, text + "\n", true);
    }

    /** To a request that is none. */
    static Page refusal(int status, String text) {
        return new Page(status, Map.of(TYPE, TEXT), text, false);
    }

    static Page notFound() {
        return new Page(404, PLAIN, "404 page not found\n", false);
    }
}
