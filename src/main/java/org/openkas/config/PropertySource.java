package org.openkas.config;

import java.util.Optional;

/** Values by name from outside the file, such as MicroProfile Config. Thread-safe. */
@FunctionalInterface
public interface PropertySource {
    /** The property that names the configuration file. */
    String FILE = "openkas.configuration.file";

    /** The text of the property {@code name}; empty if it is not set. */
    Optional<String> value(String name);

    /** Knows no property. */
    static PropertySource none() {
        return _ -> Optional.empty();
    }
}
