package org.openkas.app;

/** The server cannot start. The message is what an operator reads after {@code Program aborted: }. */
public final class StartException extends Exception {
    private static final long serialVersionUID = 1L;

    StartException(String message, Throwable cause) {
        super(message, cause);
    }

    /** The cause's text behind a prefix that says which part of the server it concerns; may be empty. */
    static StartException of(String prefix, Exception cause) {
        return new StartException(prefix + cause.getMessage(), cause);
    }
}
