package org.openkas.kubernetesaccess;

import java.util.Optional;

/**
 * A client may not reach the cluster, or it could not be found out whether it may (chapter 03 §9.4). Cheap to make: refusals
 * are answers.
 */
public final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    /** Who learns why. */
    public enum Detail {
        /** The client and the log. */
        SHOWN,
        /** The log only. */
        LOGGED
    }

    private final int status;
    private final String logMessage;
    private final Detail detail;
    private final boolean fault;
    private final String remedy;

    private RefusedException(int status, String message, String logMessage, Detail detail, boolean fault, String remedy,
            Optional<? extends Throwable> cause) {
        super(message, cause.orElse(null), false, false);
        this.status = status;
        this.logMessage = logMessage;
        this.detail = detail;
        this.fault = fault;
        this.remedy = remedy;
    }

    /** The client may not. */
    static RefusedException forbidden(int status, String message) {
        return new RefusedException(status, message, message, Detail.LOGGED, false, "", Optional.empty());
    }

    /** Because of {@code cause}; {@code logMessage} is what the log says instead of {@code message}. */
    static RefusedException because(int status, String message, String logMessage, Detail detail, Throwable cause) {
        return new RefusedException(status, message, logMessage, detail, false, "", Optional.of(cause));
    }

    /** A token for a WebSocket is not good, or not any more; which of the two is nobody's business. */
    public static RefusedException badToken() {
        return because(401, "Unauthorized", "Unauthorized", Detail.SHOWN,
                new CredentialException("the WebSocket token is not valid for this request, has expired or was used"));
    }

    /** It could not be found out; the operator should look at it if {@code fault}. */
    static RefusedException fault(String message, Detail detail, boolean fault, String remedy, Throwable cause) {
        return new RefusedException(500, message, message, detail, fault, remedy, Optional.of(cause));
    }

    /** The HTTP status for the client. */
    public int status() {
        return status;
    }

    /** What the log says. */
    public String logMessage() {
        return logMessage;
    }

    /** The reason to show to the client, if it may know. */
    public Optional<String> shownReason() {
        return detail == Detail.SHOWN ? loggedReason() : Optional.empty();
    }

    /** The reason to write to the log, if there is one. */
    public Optional<String> loggedReason() {
        return Optional.ofNullable(getCause()).map(Throwable::getMessage);
    }

    /** Whether an operator has to mend something, and has not been told so by another request. */
    public boolean fault() {
        return fault;
    }

    /** What the operator can do about it; may be empty. */
    public String remedy() {
        return remedy;
    }
}
