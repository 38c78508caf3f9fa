package org.openkas.cli;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.openkas.common.LogField;
import org.openkas.common.LogLevel;
import org.openkas.common.LogSink;

/**
 * Stands in for the process's standard streams while Open Liberty runs: its warnings and errors become lines of our log,
 * {@code [liberty] CWWK...}, and nothing reaches standard output. What follows a line indented, such as a stack trace, is left to Liberty's
 * own {@code messages.log}. Thread-safe.
 */
final class LibertyConsole extends OutputStream {
    private static final String PORT_BUSY = "CWWKO0221E";
    private static final int LONGEST_LINE = 64 * 1024;

    private final LogSink sink;
    private final LogLevel unmarked;
    private final String name;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

    private LibertyConsole(LogSink sink, LogLevel unmarked, String name) {
        this.sink = sink;
        this.unmarked = unmarked;
        this.name = name;
    }

    /** A stream in place of {@link System#err}: unmarked text is a warning, since nobody should write there. */
    static PrintStream err(LogSink sink) {
        return new PrintStream(new LibertyConsole(sink, LogLevel.WARN, "[stderr] "), true, StandardCharsets.UTF_8);
    }

    /** A stream in place of {@link System#out}: unmarked text is for debugging. */
    static PrintStream out(LogSink sink) {
        return new PrintStream(new LibertyConsole(sink, LogLevel.DEBUG, "[stdout] "), true, StandardCharsets.UTF_8);
    }

    @Override
    public synchronized void write(int octet) {
        if (octet == '\n') {
            String text = line.toString(StandardCharsets.UTF_8).stripTrailing();
            line.reset();
            tell(text);
        } else if (line.size() < LONGEST_LINE) {
            line.write(octet);
        }
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) {
        for (int i = offset; i < offset + length; i++) {
            write(bytes[i]);
        }
    }

    private void tell(String text) {
        if (text.isEmpty() || Character.isWhitespace(text.charAt(0)) || text.startsWith("Caused by:")) {
            return;
        }
        if (text.startsWith("[")) {
            int end = text.indexOf(']');
            String mark = end < 0 ? "" : text.substring(1, end).strip();
            String rest = text.substring(end + 1).strip();
            switch (mark) {
                case "ERROR", "FATAL" -> liberty(rest.startsWith(PORT_BUSY) ? LogLevel.WARN : LogLevel.ERROR, rest);
                case "WARNING" -> liberty(LogLevel.WARN, rest);
                case "AUDIT", "INFO" -> liberty(LogLevel.DEBUG, rest);
                case "err" -> sink.write(LogLevel.WARN, "[stderr] " + rest, List.of());
                default -> sink.write(unmarked, name + text, List.of());
            }
        } else {
            sink.write(unmarked, name + text, List.of());
        }
    }

    private void liberty(LogLevel level, String text) {
        List<LogField> fields = text.startsWith(PORT_BUSY)
                ? List.of(new LogField("remedy",
                        "set OPENKAS_HTTP_PORT to a free port, or to nothing if neither health on Liberty's port nor its WebSocket endpoint is used"))
                : List.of();
        sink.write(level, "[liberty] " + text, fields);
    }
}
