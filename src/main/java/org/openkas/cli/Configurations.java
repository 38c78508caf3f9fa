package org.openkas.cli;

import java.nio.file.Path;
import java.util.Optional;
import org.openkas.common.LogLevel;
import org.openkas.config.ConfigurationException;
import org.openkas.config.ConfigurationLoader;
import org.openkas.config.KasConfiguration;
import org.openkas.config.KasSecrets;
import org.openkas.config.PropertySource;

/** Checks a configuration before anything else is started, so that a faulty one costs no start. */
final class Configurations {
    private Configurations() {
    }

    /** The level of the log that the configuration asks for. */
    static LogLevel logLevel(Path file, PropertySource properties) throws AbortedException {
        try {
            KasConfiguration configuration = new ConfigurationLoader().load(Optional.of(file), properties).configuration();
            KasSecrets.read(configuration);
            return configuration.observability().logging().level();
        } catch (ConfigurationException e) {
            throw new AbortedException(String.valueOf(e.getMessage()), e);
        }
    }
}
