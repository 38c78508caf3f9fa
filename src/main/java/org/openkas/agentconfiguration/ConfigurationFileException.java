package org.openkas.agentconfiguration;

/** A mistake in the agent's configuration project: its author mends it, not the operator (chapter 01 §4.6, user errors). */
public final class ConfigurationFileException extends Exception {
    private static final long serialVersionUID = 1L;

    /** With the text of chapter 01 §5.2.2. */
    public ConfigurationFileException(String message) {
        super(message);
    }
}
