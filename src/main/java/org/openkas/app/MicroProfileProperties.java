package org.openkas.app;

import java.util.Optional;
import org.eclipse.microprofile.config.Config;
import org.openkas.config.PropertySource;

/**
 * Settings from MicroProfile Config: system properties, environment variables, {@code microprofile-config.properties} and
 * whatever else the platform reads. Thread-safe.
 */
public final class MicroProfileProperties implements PropertySource {
    private final Config config;

    /** Over the application's configuration. */
    public MicroProfileProperties(Config config) {
        this.config = config;
    }

    @Override
    public Optional<String> value(String name) {
        return config.getOptionalValue(name, String.class);
    }
}
