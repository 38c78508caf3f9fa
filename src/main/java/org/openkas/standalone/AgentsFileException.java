package org.openkas.standalone;

/** The agents file cannot be used. The message names the file, the entry and the field, and says what is expected. */
public final class AgentsFileException extends Exception {
    private static final long serialVersionUID = 1L;

    AgentsFileException(String message) {
        super(message);
    }
}
