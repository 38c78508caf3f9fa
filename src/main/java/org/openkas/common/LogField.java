package org.openkas.common;

/**
 * One key of a log line.
 *
 * @param name the key, in snake case as in chapter 05 §13.2
 * @param value a {@link Number} or {@link Boolean} is written as such, everything else as its text
 * @param failure the class of the failure that the value is the text of; empty for all other values. Lines do not show it
 */
public record LogField(String name, Object value, String failure) {

    /** A field that is not about a failure. */
    public LogField(String name, Object value) {
        this(name, value, "");
    }
}
