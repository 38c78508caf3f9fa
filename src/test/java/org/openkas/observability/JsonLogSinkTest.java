package org.openkas.observability;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.common.Log;
import org.openkas.common.LogField;
import org.openkas.common.LogLevel;

class JsonLogSinkTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final LogStream stream = LogStream.to(out, count -> new byte[0]);
    private final JsonLogSink sink = new JsonLogSink(stream, InstantSource.fixed(Instant.EPOCH), ZoneOffset.UTC, LogLevel.INFO);

    @AfterEach
    void close() {
        stream.close();
    }

    private String written() {
        stream.flush(Duration.ofSeconds(10));
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    @DisplayName("CO-34 with level warn no info line is written")
    void level() {
        sink.keep(LogLevel.WARN);
        Log.to(sink).info("quiet");
        Log.to(sink).warn("loud");

        assertThat(written()).contains("loud").doesNotContain("quiet");
    }

    @Test
    void theLevelSwitchesWhileTheServerRuns() {
        Log.to(sink).debug("before");
        sink.keep(LogLevel.DEBUG);
        Log.to(sink).debug("after");

        assertThat(written()).contains("after").doesNotContain("before");
    }

    @Test
    void aSecondSinkHasALevelOfItsOwn() {
        JsonLogSink library = sink.withLevel(LogLevel.ERROR);
        Log.to(library).warn("library warning");
        Log.to(library).error("library error");
        Log.to(sink).warn("own warning");

        assertThat(written()).contains("library error", "own warning").doesNotContain("library warning");
    }

    @Test
    void aFieldWhoseTextFailsDoesNotHurtWhoLogsIt() {
        Object broken = new Object() {
            @Override
            public String toString() {
                throw new IllegalStateException("no text");
            }
        };
        sink.write(LogLevel.INFO, "message", List.of(new LogField("a", broken)));

        assertThat(written()).contains("\"msg\":\"message\"").contains("IllegalStateException");
    }
}
