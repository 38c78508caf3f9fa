package org.openkas.telemetry;

import java.time.InstantSource;
import java.util.List;
import java.util.function.Consumer;
import org.openkas.common.LogField;
import org.openkas.common.LogLevel;
import org.openkas.common.LogSink;

/**
 * A log whose errors are reported, too: each line of level error that names a failure in its field {@code error}. What users of
 * the server did wrong has level info and is nobody else's business (chapter 05 §13.4). Thread-safe.
 */
final class ReportedErrors implements LogSink {
    private final LogSink log;
    private final InstantSource clock;
    private final Consumer<SentryEvent> events;

    /** Lines go to {@code log}; {@code events} takes the errors and does not wait. */
    ReportedErrors(LogSink log, InstantSource clock, Consumer<SentryEvent> events) {
        this.log = log;
        this.clock = clock;
        this.events = events;
    }

    @Override
    public boolean enabled(LogLevel level) {
        return level == LogLevel.ERROR || log.enabled(level);
    }

    @Override
    public void write(LogLevel level, String message, List<LogField> fields) {
        log.write(level, message, fields);
        if (level == LogLevel.ERROR) {
            SentryEvent.of(clock.instant(), message, fields).ifPresent(events);
        }
    }
}
