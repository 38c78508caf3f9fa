package org.openkas.observability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.openkas.common.LogField;
import org.openkas.common.LogLevel;
import org.openkas.common.LogSink;
import org.openkas.testkit.RecordedLog;

class LibraryLogsTest {
    private static final Logger GRPC = Logger.getLogger("io.grpc.internal.Something");
    private static final Logger NETTY = Logger.getLogger("io.netty.channel.Something");

    private final RecordedLog log = new RecordedLog();

    private LogSink from(LogLevel level) {
        return new LogSink() {
            @Override
            public boolean enabled(LogLevel asked) {
                return asked.compareTo(level) >= 0;
            }

            @Override
            public void write(LogLevel written, String message, List<LogField> fields) {
                log.write(written, message, fields);
            }
        };
    }

    @Test
    void grpcHasALevelOfItsOwn() {
        try (LibraryLogs _ = new LibraryLogs(from(LogLevel.ERROR), from(LogLevel.INFO))) {
            GRPC.log(Level.INFO, "channel {0} is up", 7);
            GRPC.fine("detail");
            NETTY.warning("hm");
        }
        assertThat(log.lines()).extracting(RecordedLog.Line::level, RecordedLog.Line::message)
                .containsExactly(tuple(LogLevel.INFO, "[core] channel 7 is up"));
    }

    @Test
    void otherLibrariesWarnOnly() {
        try (LibraryLogs _ = new LibraryLogs(from(LogLevel.DEBUG), from(LogLevel.ERROR))) {
            NETTY.info("chatter");
            NETTY.log(Level.WARNING, "oh", new IllegalStateException("why"));
            GRPC.warning("not wanted");
        }
        assertThat(log.lines()).singleElement().satisfies(line -> {
            assertThat(line.message()).isEqualTo("[netty] oh");
            assertThat(line.level()).isEqualTo(LogLevel.WARN);
            assertThat(line.fields()).containsEntry("error", "java.lang.IllegalStateException: why");
        });
    }

    @Test
    void theLoggersAreGivenBack() {
        Logger root = Logger.getLogger("io.grpc");
        new LibraryLogs(from(LogLevel.DEBUG), from(LogLevel.DEBUG)).close();

        assertThat(root.getHandlers()).isEmpty();
        assertThat(root.getUseParentHandlers()).isTrue();
        assertThat(root.getLevel()).isNull();
    }
}
