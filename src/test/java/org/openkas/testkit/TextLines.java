package org.openkas.testkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What a process writes to one of its streams, line by line, read as it comes. Thread-safe. */
final class TextLines {
    private final List<String> lines = new ArrayList<>();
    private final Thread reader;

    TextLines(InputStream stream) {
        reader = Thread.ofPlatform().daemon().start(() -> read(stream));
    }

    private void read(InputStream stream) {
        try (BufferedReader text = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            String line = text.readLine();
            while (line != null) {
                synchronized (lines) {
                    lines.add(line);
                }
                line = text.readLine();
            }
        } catch (IOException e) {
            // the process was ended by force
        }
    }

    /** All lines so far. */
    List<String> soFar() {
        synchronized (lines) {
            return List.copyOf(lines);
        }
    }

    /** All lines, once the process has ended. */
    List<String> all() throws InterruptedException {
        reader.join(10_000);
        return soFar();
    }
}
