package org.openkas.common;

import java.util.List;

/** Where log lines go. Implementations are thread-safe, never throw and never block for long. */
public interface LogSink {

    /** Drops every line. */
    LogSink NONE = new LogSink() {
        @Override
        public boolean enabled(LogLevel level) {
            return false;
        }

        @Override
        public void write(LogLevel level, String message, List<LogField> fields) {
        }
    };

    /** Whether a line of this level would be kept; a cheap question to ask before building fields. */
    boolean enabled(LogLevel level);

    /** Writes one line: {@code message} is constant text, {@code fields} follow it in this order. */
    void write(LogLevel level, String message, List<LogField> fields);
}
