package org.openkas.common;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A structured logger that carries context: constant messages, fields in the order they were attached. Immutable and
 * thread-safe. Tokens and secrets are never passed here.
 */
public final class Log {
    private final LogSink sink;
    private final List<LogField> context;

    private Log(LogSink sink, List<LogField> context) {
        this.sink = sink;
        this.context = context;
    }

    /** A logger without context. */
    public static Log to(LogSink sink) {
        return new Log(sink, List.of());
    }

    /** A logger that drops everything. */
    public static Log none() {
        return to(LogSink.NONE);
    }

    /** The same logger, and context, with another sink: what {@code change} makes of this one's. */
    public Log through(UnaryOperator<LogSink> change) {
        return new Log(change.apply(sink), context);
    }

    /** The same logger with one more field at the end of its context. */
    public Log with(String name, Object value) {
        return with(new LogField(name, value));
    }

    /** The same logger with field {@code error}: the text of the failure, or its class where it has no text. */
    public Log withError(Throwable failure) {
        String text = failure.getMessage();
        String type = failure.getClass().getName();
        return with(new LogField("error", text == null || text.isEmpty() ? type : text, type));
    }

    private Log with(LogField field) {
        List<LogField> fields = new ArrayList<>(context.size() + 1);
        fields.addAll(context);
        fields.add(field);
        return new Log(sink, List.copyOf(fields));
    }

    /** Whether debug lines are kept: ask before computing costly fields. */
    public boolean debugEnabled() {
        return sink.enabled(LogLevel.DEBUG);
    }

    /** Detail for whoever hunts a fault. */
    public void debug(String message) {
        write(LogLevel.DEBUG, message);
    }

    /** Normal events, and faults that a user of the server made. */
    public void info(String message) {
        write(LogLevel.INFO, message);
    }

    /** Something the operator should look at some time. */
    public void warn(String message) {
        write(LogLevel.WARN, message);
    }

    /** Something failed that the operator has to mend. */
    public void error(String message) {
        write(LogLevel.ERROR, message);
    }

    /** Writes a line of the given level. */
    public void write(LogLevel level, String message) {
        if (sink.enabled(level)) {
            sink.write(level, message, context);
        }
    }
}
