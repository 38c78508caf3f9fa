package org.openkas.observability;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openkas.common.LogField;
import org.openkas.common.LogLevel;

class LogLineTest {
    private static final Instant TIME = Instant.parse("2023-10-17T09:12:44.031Z");

    private static String line(ZoneId zone, Instant time, String message, LogField... fields) {
        return new String(LogLine.bytes(LogLevel.INFO, time, zone, message, List.of(fields)), StandardCharsets.UTF_8);
    }

    @Test
    @DisplayName("CO-33 level, time and msg come first, then the fields in their order, on one line")
    void shape() {
        assertThat(line(ZoneOffset.UTC, TIME, "Config: new commit", new LogField("agent_id", 4L), new LogField("project_id", "root/kas"),
                new LogField("is_websocket", true)))
                .isEqualTo("{\"level\":\"info\",\"time\":\"2023-10-17T09:12:44.031Z\",\"msg\":\"Config: new commit\",\"agent_id\":4,"
                        + "\"project_id\":\"root/kas\",\"is_websocket\":true}\n");
    }

    @ParameterizedTest
    @CsvSource({"UTC, 2023-10-17T09:12:44Z, 2023-10-17T09:12:44.000Z", "Europe/London, 2023-01-17T09:12:44.5Z, 2023-01-17T09:12:44.500Z",
            "Europe/Vienna, 2023-10-17T09:12:44.0319Z, 2023-10-17T11:12:44.031+0200",
            "America/St_Johns, 2023-01-17T09:12:44Z, 2023-01-17T05:42:44.000-0330"})
    @DisplayName("CO-33 times have milliseconds, and Z or the zone's hours and minutes")
    void time(String zone, String instant, String text) {
        assertThat(line(ZoneId.of(zone), Instant.parse(instant), "m")).contains("\"time\":\"" + text + "\"");
    }

    @Test
    void everyTextComesBackAsItWas() throws Exception {
        for (String text : Stream.of("\"quoted\" \\ back", "two\nlines\r\tand a tab", "\u0000\u001f\u007f", "\u00e4\u4e2d\ud83d\ude00", "")
                .toList()) {
            JsonNode read = new ObjectMapper().readTree(line(ZoneOffset.UTC, TIME, text, new LogField("error", text)));
            assertThat(read.get("msg").textValue()).isEqualTo(text);
            assertThat(read.get("error").textValue()).isEqualTo(text);
        }
    }

    @Test
    void halfACharacterBecomesTheReplacementCharacter() {
        assertThat(line(ZoneOffset.UTC, TIME, "a\ud83db\ude00")).contains("\"msg\":\"a\ufffdb\ufffd\"");
    }

    @Test
    void numbersThatJsonLacksAreText() {
        assertThat(line(ZoneOffset.UTC, TIME, "m", new LogField("a", Double.NaN), new LogField("b", 0.5),
                new LogField("c", Float.POSITIVE_INFINITY)))
                .endsWith(",\"a\":\"NaN\",\"b\":0.5,\"c\":\"Infinity\"}\n");
    }
}
