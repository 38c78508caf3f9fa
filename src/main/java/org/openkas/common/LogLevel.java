package org.openkas.common;

import java.util.Locale;

/** Severity of a log line, least severe first. The lower-case name is what a line shows (chapter 05 §13.1). */
public enum LogLevel {
    DEBUG, INFO, WARN, ERROR;

    private final String label = name().toLowerCase(Locale.ROOT);

    /** The word in the line's {@code level} key. */
    public String label() {
        return label;
    }
}
