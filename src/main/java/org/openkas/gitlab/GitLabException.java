package org.openkas.gitlab;

import org.jspecify.annotations.Nullable;

/**
 * A call to GitLab failed. The message is the text that log lines show (chapter 02 §2.11); it holds no token and no value
 * of a query parameter.
 */
public final class GitLabException extends Exception {
    private static final long serialVersionUID = 1L;

    /** What the failure means to a caller. */
    public enum Kind {
        /** GitLab answered 401. */
        UNAUTHORIZED,
        /** GitLab answered 403. */
        FORBIDDEN,
        /** GitLab answered 404. */
        NOT_FOUND,
        /** Anything else: other statuses, no connection, an answer that cannot be read. May work later. */
        UNAVAILABLE
    }

    private final Kind kind;
    private final int statusCode;
    private final String path;
    private final String reason;

    private GitLabException(Kind kind, int statusCode, String path, String reason, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.statusCode = statusCode;
        this.path = path;
        this.reason = reason;
    }

    /** GitLab answered with this status; {@code path} without query, {@code reason} may be empty. */
    public static GitLabException status(int statusCode, String path, String reason) {
        Kind kind = switch (statusCode) {
            case 401 -> Kind.UNAUTHORIZED;
            case 403 -> Kind.FORBIDDEN;
            case 404 -> Kind.NOT_FOUND;
            default -> Kind.UNAVAILABLE;
        };
        String text = "HTTP status code: " + statusCode + " for path " + (path.isEmpty() ? "<unknown>" : path);
        return new GitLabException(kind, statusCode, path, reason, reason.isEmpty() ? text : text + " with reason " + reason, null);
    }

    /** No usable answer arrived. */
    public static GitLabException unavailable(String message, Throwable cause) {
        return new GitLabException(Kind.UNAVAILABLE, 0, "", "", message, cause);
    }

    /** What the failure means. */
    public Kind kind() {
        return kind;
    }

    /** The status that GitLab answered with, or 0. */
    public int statusCode() {
        return statusCode;
    }

    /** The path that was asked, without query; may be empty. */
    public String path() {
        return path;
    }

    /** The reason that GitLab gave; may be empty. */
    public String reason() {
        return reason;
    }
}
