package org.openkas.gitlab;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.openkas.common.Log;

/**
 * A call to GitLab failed. The message is the text that log lines show (chapter 02 §2.11); it holds no token and no value
 * of a query parameter. One failure may be handed to several callers; see {@link #firstReport}.
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

    /** Whom the failure concerns. */
    private enum Reach {
        THIS_CALL, EVERY_CALL, LATE
    }

    private final Kind kind;
    private final int statusCode;
    private final String path;
    private final String reason;
    private final String remedy;
    private final Reach reach;
    private final boolean remembered;
    private final transient AtomicBoolean reported;

    private GitLabException(Kind kind, int statusCode, String path, String reason, String remedy, Reach reach, String message,
            @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.statusCode = statusCode;
        this.path = path;
        this.reason = reason;
        this.remedy = remedy;
        this.reach = reach;
        this.remembered = false;
        this.reported = new AtomicBoolean();
    }

    /** The same failure for somebody who did not ask GitLab himself: cheap to make, nothing left to report. */
    private GitLabException(GitLabException first) {
        super(first.getMessage(), null, false, false);
        this.kind = first.kind;
        this.statusCode = first.statusCode;
        this.path = first.path;
        this.reason = first.reason;
        this.remedy = first.remedy;
        this.reach = first.reach;
        this.remembered = true;
        this.reported = new AtomicBoolean(true);
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
        // GitLab takes exception to this call where it answers 4xx; only its rate limit concerns all
        boolean everyCall = statusCode < 400 || statusCode == 429 || statusCode >= 500;
        return new GitLabException(kind, statusCode, path, reason, remedy(statusCode), everyCall ? Reach.EVERY_CALL : Reach.THIS_CALL,
                reason.isEmpty() ? text : text + " with reason " + reason,
                null);
    }

    /** No usable answer arrived, for a reason that concerns this call alone. */
    public static GitLabException unavailable(String message, Throwable cause) {
        return new GitLabException(Kind.UNAVAILABLE, 0, "", "", "", Reach.THIS_CALL, message, cause);
    }

    /**
     * GitLab gave an answer that this server cannot use.
     *
     * @param remedy what the operator can do about it; may be empty
     */
    static GitLabException unusable(String message, String remedy) {
        return new GitLabException(Kind.UNAVAILABLE, 0, "", "", remedy, Reach.THIS_CALL, message, null);
    }

    /**
     * GitLab cannot be reached, or something else answers in its place.
     *
     * @param remedy what the operator can do about it; may be empty
     */
    static GitLabException unreachable(String message, String remedy, @Nullable Throwable cause) {
        return new GitLabException(Kind.UNAVAILABLE, 0, "", "", remedy, Reach.EVERY_CALL, message, cause);
    }

    /**
     * The caller had no more time to wait: for its turn, for GitLab's answer, or for the rest of it.
     *
     * @param remedy what the operator can do about it; may be empty
     */
    static GitLabException late(String message, String remedy, @Nullable Throwable cause) {
        return new GitLabException(Kind.UNAVAILABLE, 0, "", "", remedy, Reach.LATE, message, cause);
    }

    private static String remedy(int statusCode) {
        if (statusCode >= 300 && statusCode < 400) {
            return "set gitlab.address (Omnibus: gitlab_kas['gitlab_address']) to the address that GitLab answers on without redirecting";
        }
        if (statusCode == 429) {
            return "exempt this server from GitLab's rate limits, or lower gitlab.api_rate_limit";
        }
        return statusCode >= 500 ? "look at GitLab itself: it answers, but with an error; its logs say why" : "";
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

    /** What the operator can do about it, for field {@code remedy} of a log line; may be empty. */
    public String remedy() {
        return remedy;
    }

    /** A log whose lines tell the failure, and what can be done about it. */
    public Log on(Log log) {
        Log line = log.withError(this);
        return remedy.isEmpty() ? line : line.with("remedy", remedy);
    }

    /** Whether other calls will most likely fail as well, because GitLab as a whole does not answer as it should. */
    public boolean outage() {
        return reach == Reach.EVERY_CALL;
    }

    /** Whether GitLab may be well and only did not answer within the time that the caller had. */
    boolean late() {
        return reach == Reach.LATE;
    }

    /** Whether this failure was remembered, so that GitLab was not asked for it. */
    public boolean remembered() {
        return remembered;
    }

    /**
     * Whether this is the first time that somebody asks, and the failure is not a {@linkplain #remembered() remembered} one:
     * a failure of one call to GitLab should make one line, however many callers get it.
     */
    public boolean firstReport() {
        return reported.compareAndSet(false, true);
    }

    /** Leaves nothing to report. */
    void markReported() {
        reported.set(true);
    }

    /** The same failure for a caller who did not ask GitLab himself. */
    public GitLabException again() {
        return new GitLabException(this);
    }
}
