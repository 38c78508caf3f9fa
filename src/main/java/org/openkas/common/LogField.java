package org.openkas.common;

/**
 * One key of a log line.
 *
 * @param name the key, in snake case as in chapter 05 §13.2
 * @param value a {@link Number} or {@link Boolean} is written as such, everything else as its text
 */
public record LogField(String name, Object value) {
}
