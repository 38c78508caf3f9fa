package org.openkas.observability;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import org.openkas.common.LogField;
import org.openkas.common.LogLevel;

/**
 * The text of one log line (chapter 05 §13.1): a JSON object with {@code level}, {@code time} and {@code msg} first.
 * Written by hand because the launcher logs before any library is at hand. Not thread-safe.
 */
final class LogLine {
    private static final String HEX = "0123456789abcdef";

    private final StringBuilder text = new StringBuilder(256);

    private LogLine() {
    }

    /** The line in UTF-8, with its line feed. */
    static byte[] bytes(LogLevel level, Instant time, ZoneId zone, String message, List<LogField> fields) {
        LogLine line = new LogLine();
        line.text.append("{\"level\":\"").append(level.label()).append("\",\"time\":\"");
        line.time(time.atZone(zone));
        line.text.append("\",\"msg\":");
        line.string(message);
        for (LogField field : fields) {
            line.text.append(',');
            line.string(field.name());
            line.text.append(':');
            line.value(field.value());
        }
        return line.text.append("}\n").toString().getBytes(StandardCharsets.UTF_8);
    }

    /** Milliseconds always; {@code Z} where the zone is at UTC, else hours and minutes without a colon. */
    private void time(ZonedDateTime time) {
        digits(time.getYear(), 4);
        text.append('-');
        digits(time.getMonthValue(), 2);
        text.append('-');
        digits(time.getDayOfMonth(), 2);
        text.append('T');
        digits(time.getHour(), 2);
        text.append(':');
        digits(time.getMinute(), 2);
        text.append(':');
        digits(time.getSecond(), 2);
        text.append('.');
        digits(time.getNano() / 1_000_000, 3);
        zone(time.getOffset());
    }

    private void zone(ZoneOffset offset) {
        int minutes = offset.getTotalSeconds() / 60;
        if (minutes == 0) {
            text.append('Z');
            return;
        }
        text.append(minutes < 0 ? '-' : '+');
        digits(Math.abs(minutes) / 60, 2);
        digits(Math.abs(minutes) % 60, 2);
    }

    private void digits(int number, int count) {
        String digits = Integer.toString(number);
        text.repeat('0', Math.max(0, count - digits.length())).append(digits);
    }

    private void value(Object value) {
        boolean asIs = switch (value) {
            case Boolean b -> true;
            case Double d -> Double.isFinite(d);
            case Float f -> Float.isFinite(f);
            case Number n -> true;
            default -> false;
        };
        if (asIs) {
            text.append(value);
        } else {
            string(String.valueOf(value));
        }
    }

    private void string(String value) {
        text.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '"', '\\' -> text.append('\\').append(c);
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                default -> other(value, i, c);
            }
        }
        text.append('"');
    }

    private void other(String value, int index, char c) {
        if (c < 0x20) {
            text.append("\\u00").append(HEX.charAt(c >> 4)).append(HEX.charAt(c & 0xf));
        } else if (Character.isSurrogate(c) && !paired(value, index, c)) {
            text.append('\ufffd');
        } else {
            text.append(c);
        }
    }

    private static boolean paired(String value, int index, char c) {
        return Character.isHighSurrogate(c)
                ? index + 1 < value.length() && Character.isLowSurrogate(value.charAt(index + 1))
                : index > 0 && Character.isHighSurrogate(value.charAt(index - 1));
    }
}
