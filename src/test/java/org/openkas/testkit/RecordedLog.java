package org.openkas.testkit;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.openkas.common.Log;
import org.openkas.common.LogField;
import org.openkas.common.LogLevel;
import org.openkas.common.LogSink;

/** Keeps log lines for a test to look at. */
public final class RecordedLog implements LogSink {

    /** One line; {@code fields} by name, values as given. */
    public record Line(LogLevel level, String message, Map<String, Object> fields) {
    }

    private final List<Line> lines = new CopyOnWriteArrayList<>();

    public Log log() {
        return Log.to(this);
    }

    @Override
    public boolean enabled(LogLevel level) {
        return true;
    }

    @Override
    public void write(LogLevel level, String message, List<LogField> fields) {
        Map<String, Object> byName = new TreeMap<>();
        fields.forEach(field -> byName.put(field.name(), field.value()));
        lines.add(new Line(level, message, byName));
    }

    public List<Line> lines() {
        return List.copyOf(lines);
    }

    public List<Line> lines(String message) {
        return lines.stream().filter(line -> line.message().equals(message)).toList();
    }
}
