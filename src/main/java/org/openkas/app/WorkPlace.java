package org.openkas.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;
import org.openkas.config.PropertySource;

/**
 * Where the server may write: what {@value #PROPERTY} names, which is kept, or a fresh temporary directory, which goes away.
 *
 * @param path the directory
 * @param fresh whether it goes away
 */
record WorkPlace(Path path, boolean fresh) implements AutoCloseable {
    /** Set by {@code bin/openkas}. */
    static final String PROPERTY = "openkas.work.directory";

    static WorkPlace of(PropertySource properties) throws StartException {
        Optional<String> named = properties.value(PROPERTY);
        try {
            return named.isPresent()
                    ? new WorkPlace(Files.createDirectories(Path.of(named.get())), false)
                    : new WorkPlace(Files.createTempDirectory("openkas-"), true);
        } catch (IOException e) {
            throw new StartException("work directory: " + e + " (set " + PROPERTY + " to a directory that the server may write to)", e);
        }
    }

    @Override
    public void close() {
        if (!fresh) {
            return;
        }
        try (Stream<Path> files = Files.walk(path)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            // a leftover in the temporary directory is the system's to clean
        }
    }
}
