package org.openkas.kubernetesapi;

import io.netty.handler.codec.http.HttpVersion;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where the body of an agent's answer ends, and how the client sees it (chapter 03 §12.3). Counts the body; used by one thread.
 */
final class AnswerFraming {
    private static final Pattern LENGTH = Pattern.compile("[0-9]{1,18}");
    private static final long UNCOUNTED = -1;

    private final boolean bodiless;
    private final boolean delimited;
    private final boolean counted;
    private long left;

    private AnswerFraming(boolean bodiless, boolean delimited, long length) {
        this.bodiless = bodiless;
        this.delimited = delimited;
        counted = length != UNCOUNTED;
        left = length;
    }

    /** Of an answer that turns the connection into another protocol; changes {@code headers} accordingly. */
    static AnswerFraming ofUpgrade(HeaderLines headers) {
        headers.remove("Content-Length");
        return new AnswerFraming(true, false, UNCOUNTED);
    }

    /** Of any other answer; changes {@code headers} accordingly. Empty if the agent contradicts itself. */
    static Optional<AnswerFraming> of(RequestHead request, int code, HeaderLines headers) {
        List<String> lengths = headers.values("Content-Length").stream().distinct().toList();
        if (lengths.size() > 1 || !lengths.stream().allMatch(length -> LENGTH.matcher(length).matches())) {
            return Optional.empty();
        }
        boolean bodiless = request.method().equals("HEAD") || code == 204 || code == 304;
        boolean delimited = true;
        long length = UNCOUNTED;
        if (code == 204 || code == 304) {
            headers.remove("Content-Length");
            if (code == 304) {
                headers.remove("Content-Type");
            }
        } else if (!lengths.isEmpty()) {
            headers.replace("Content-Length", lengths);
            length = bodiless ? UNCOUNTED : Long.parseLong(lengths.getFirst());
        } else if (request.version().equals(HttpVersion.HTTP_1_0)) {
            delimited = bodiless;
        } else if (!bodiless) {
            headers.replace("Transfer-Encoding", List.of("chunked"));
        }
        return Optional.of(new AnswerFraming(bodiless, delimited, length));
    }

    /** Whether no body follows, whatever the headers say. */
    boolean bodiless() {
        return bodiless;
    }

    /** Whether the client sees the end without the end of the connection. */
    boolean delimited() {
        return delimited;
    }

    /** So many bytes of the body have come; false if they are more than the header says. */
    boolean takes(int bytes) {
        if (counted) {
            left -= bytes;
        }
        return !counted || left >= 0;
    }

    /** Whether the client can tell that it has got everything. */
    boolean complete() {
        return bodiless || (counted && left == 0);
    }

    /** Whether the body, now that no more of it comes, is shorter than the header says. */
    boolean cutShort() {
        return counted && left > 0;
    }
}
