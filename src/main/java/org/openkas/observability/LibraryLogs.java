package org.openkas.observability;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.openkas.common.LogField;
import org.openkas.common.LogLevel;
import org.openkas.common.LogSink;

/**
 * Leads what libraries log through {@code java.util.logging} into our log lines, as {@code [name] text}: gRPC's own
 * messages as {@code [core]} with a level of their own (chapter 05 §13.3), others from warning on. Works in any Liberty;
 * {@link #close} gives the loggers back.
 */
public final class LibraryLogs implements AutoCloseable {
    private static final Map<String, String> OTHERS = Map.of("io.netty", "netty", "org.eclipse.jgit", "jgit",
            "io.prometheus", "metrics", "com.github.benmanes.caffeine", "cache");

    // loggers are only weakly held by their manager: without this list, the handlers would be lost
    private final List<Attached> attached = new ArrayList<>();

    private record Attached(Logger logger, Handler handler, Level level, boolean parents) {
    }

    /**
     * Attaches at once.
     *
     * @param sink takes the lines of libraries other than gRPC
     * @param grpc takes gRPC's lines; its own level decides which ones there are
     */
    public LibraryLogs(LogSink sink, LogSink grpc) {
        attach("io.grpc", "core", grpc, lowest(grpc));
        OTHERS.forEach((logger, name) -> attach(logger, name, sink, Level.WARNING));
        // what it warns of again and again while Redis is lost, whoever uses it has said once
        attach("io.lettuce", "redis", sink, Level.SEVERE);
    }

    private void attach(String loggerName, String name, LogSink sink, Level level) {
        Logger logger = Logger.getLogger(loggerName);
        Handler handler = new Lines(name, sink);
        handler.setLevel(level);
        attached.add(new Attached(logger, handler, logger.getLevel(), logger.getUseParentHandlers()));
        logger.addHandler(handler);
        logger.setUseParentHandlers(false);
        logger.setLevel(level);
    }

    private static Level lowest(LogSink sink) {
        for (LogLevel level : LogLevel.values()) {
            if (sink.enabled(level)) {
                return switch (level) {
                    case DEBUG -> Level.FINE;
                    case INFO -> Level.INFO;
                    case WARN -> Level.WARNING;
                    case ERROR -> Level.SEVERE;
                };
            }
        }
        return Level.OFF;
    }

    /** Restores the loggers as they were. */
    @Override
    public void close() {
        for (Attached one : attached) {
            one.logger.removeHandler(one.handler);
            one.logger.setUseParentHandlers(one.parents);
            one.logger.setLevel(one.level);
        }
        attached.clear();
    }

    private static final class Lines extends Handler {
        private final String prefix;
        private final LogSink sink;
        private final SimpleFormatter formatter = new SimpleFormatter();

        Lines(String name, LogSink sink) {
            prefix = "[" + name + "] ";
            this.sink = sink;
        }

        @Override
        public void publish(LogRecord entry) {
            LogLevel level = level(entry.getLevel());
            if (!isLoggable(entry) || !sink.enabled(level)) {
                return;
            }
            Throwable thrown = entry.getThrown();
            List<LogField> fields = thrown == null ? List.of() : List.of(new LogField("error", thrown.toString()));
            sink.write(level, prefix + formatter.formatMessage(entry), fields);
        }

        private static LogLevel level(Level level) {
            int value = level.intValue();
            if (value >= Level.SEVERE.intValue()) {
                return LogLevel.ERROR;
            }
            if (value >= Level.WARNING.intValue()) {
                return LogLevel.WARN;
            }
            return value >= Level.INFO.intValue() ? LogLevel.INFO : LogLevel.DEBUG;
        }

        @Override
        public void flush() {
        }

        @Override
        public void close() {
        }
    }
}
