package org.openkas.telemetry;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.openkas.common.Log;

/**
 * Leads what the OpenTelemetry SDK complains of, such as a collector that does not answer, into lines {@code OpenTelemetry error}
 * (chapter 05 §13.4). The SDK itself says the same thing only a few times a minute. {@link #close} gives its logger back.
 */
final class CollectorFailures extends Handler {
    private static final String REMEDY = "see to it that this host reaches what observability.tracing.otlp_endpoint names, that its path"
            + " is right, and that the collector takes the token";

    // loggers are only weakly held by their manager
    private final Logger logger = Logger.getLogger("io.opentelemetry");
    private final boolean parents = logger.getUseParentHandlers();
    private final SimpleFormatter formatter = new SimpleFormatter();
    private final Log log;

    /** Attaches at once. */
    CollectorFailures(Log log) {
        this.log = log;
        setLevel(Level.WARNING);
        logger.addHandler(this);
        logger.setUseParentHandlers(false);
    }

    @Override
    public void publish(LogRecord entry) {
        if (isLoggable(entry)) {
            Throwable thrown = entry.getThrown();
            log.with("error", formatter.formatMessage(entry) + (thrown == null ? "" : ": " + thrown)).with("remedy", REMEDY)
                    .warn("OpenTelemetry error");
        }
    }

    @Override
    public void flush() {
    }

    @Override
    public void close() {
        logger.removeHandler(this);
        logger.setUseParentHandlers(parents);
    }
}
