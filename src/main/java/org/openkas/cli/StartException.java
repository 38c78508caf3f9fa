package org.openkas.cli;

/** The server cannot start or go on; the message is what stands behind {@code Program aborted: }. */
final class StartException extends Exception {
    private static final long serialVersionUID = 1L;

    StartException(String message) {
        super(message);
    }

    StartException(String message, Throwable cause) {
        super(message, cause);
    }
}
