package org.openkas.cli;

/** The command line cannot be understood; the message has the words that users of KAS know. */
final class UsageException extends Exception {
    private static final long serialVersionUID = 1L;

    UsageException(String message) {
        super(message);
    }
}
