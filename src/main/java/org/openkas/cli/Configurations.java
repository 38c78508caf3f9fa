package org.openkas.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.openkas.common.LogLevel;

/** Checks a configuration file before anything else is started. */
final class Configurations {
    private Configurations() {
    }

    /** The level of the log that the file asks for. */
    static LogLevel logLevel(Path file) throws AbortedException {
        try {
            Files.readAllBytes(file);
            return LogLevel.INFO;
        } catch (NoSuchFileException e) {
            throw new AbortedException("configuration file: open " + file + ": no such file or directory", e);
        } catch (IOException e) {
            throw new AbortedException("configuration file: open " + file + ": " + e.getMessage(), e);
        }
    }
}
