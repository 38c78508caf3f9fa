package org.openkas.config;

/**
 * The server cannot start with this configuration. The message is one line, names the key or file and never holds a secret;
 * it is what follows {@code Program aborted: } (chapter 05 §2, §3.1).
 */
public final class ConfigurationException extends Exception {
    private static final long serialVersionUID = 1L;

    /** With a message for the operator. */
    public ConfigurationException(String message) {
        super(message);
    }

    /** With a message for the operator and what led to it. */
    public ConfigurationException(String message, Throwable cause) {
        super(message, cause);
    }

    /** The same failure with {@code prefix} in front of its message. */
    ConfigurationException within(String prefix) {
        return new ConfigurationException(prefix + getMessage(), this);
    }
}
