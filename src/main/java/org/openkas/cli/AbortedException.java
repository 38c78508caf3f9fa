package org.openkas.cli;

/** The program cannot go on: its command line makes no sense, or the server cannot start or stay up. */
final class AbortedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String reason;

    AbortedException(String reason) {
        super(reason);
        this.reason = reason;
    }

    AbortedException(String reason, Throwable cause) {
        super(reason, cause);
        this.reason = reason;
    }

    /** What stands behind {@code Program aborted: }. */
    String reason() {
        return reason;
    }
}
