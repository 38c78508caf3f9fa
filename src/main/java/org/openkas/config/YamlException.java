package org.openkas.config;

/** A text is not YAML. The message is one line: where, and what is wrong there. */
public final class YamlException extends Exception {
    private static final long serialVersionUID = 1L;

    /** With a message of one line. */
    public YamlException(String message, Throwable cause) {
        super(message, cause);
    }
}
