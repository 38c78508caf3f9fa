package org.openkas.observability;

import java.time.InstantSource;
import java.time.ZoneId;
import java.util.List;
import org.openkas.common.LogField;
import org.openkas.common.LogLevel;
import org.openkas.common.LogSink;

/**
 * Log lines as chapter 05 §13.1 wants them: one JSON object a line, times in the process's zone. The level can be
 * switched while the server runs. Thread-safe; never throws, and never waits for the reader of the log.
 */
public final class JsonLogSink implements LogSink {
    private final LogStream stream;
    private final InstantSource clock;
    private final ZoneId zone;
    private volatile LogLevel level;

    /** Lines of {@code level} and above go to {@code stream}. */
    public JsonLogSink(LogStream stream, InstantSource clock, ZoneId zone, LogLevel level) {
        this.stream = stream;
        this.clock = clock;
        this.zone = zone;
        this.level = level;
    }

    /** The least severe level that is kept. */
    public LogLevel level() {
        return level;
    }

    /** Keeps lines of {@code least} and above from now on. */
    public void keep(LogLevel least) {
        level = least;
    }

    /** Another sink to the same stream that keeps lines of {@code least} and above, whatever this one keeps. */
    public JsonLogSink withLevel(LogLevel least) {
        return new JsonLogSink(stream, clock, zone, least);
    }

    @Override
    public boolean enabled(LogLevel asked) {
        return asked.compareTo(level) >= 0;
    }

    @Override
    public void write(LogLevel lineLevel, String message, List<LogField> fields) {
        if (enabled(lineLevel)) {
            stream.send(line(lineLevel, message, fields));
        }
    }

    private byte[] line(LogLevel lineLevel, String message, List<LogField> fields) {
        try {
            return LogLine.bytes(lineLevel, clock.instant(), zone, message, fields);
        } catch (RuntimeException e) {
            // a field whose text cannot be had must not bring down whoever logs it
            return LogLine.bytes(lineLevel, clock.instant(), zone, message,
                    List.of(new LogField("error", "the line's fields cannot be written: " + e.getClass().getName())));
        }
    }

    /** The process's standard error as a stream of such lines. */
    public static LogStream standardError(InstantSource clock, ZoneId zone) {
        return LogStream.standardError(count -> dropped(count, clock, zone));
    }

    static byte[] dropped(long count, InstantSource clock, ZoneId zone) {
        return LogLine.bytes(LogLevel.WARN, clock.instant(), zone, "Log lines dropped",
                List.of(new LogField("count", count), new LogField("remedy", "whatever reads this process's stderr is too slow")));
    }
}
