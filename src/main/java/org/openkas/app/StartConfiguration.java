package org.openkas.app;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.openkas.config.ConfigurationException;
import org.openkas.config.ConfigurationLoader;
import org.openkas.config.LoadedConfiguration;
import org.openkas.config.PropertySource;
import org.openkas.demo.DemoWorld;

/**
 * Which configuration the server starts with: the demo's, if {@value #DEMO} names a directory for it, else the file that
 * {@code openkas.configuration.file} names, else properties alone.
 *
 * @param loaded the settings
 * @param demo the demo's files, if this is one
 */
record StartConfiguration(LoadedConfiguration loaded, Optional<DemoWorld> demo) {
    /** Set by {@code bin/openkas --demo}. */
    static final String DEMO = "openkas.demo.directory";

    /** Loads it; {@code random} makes the demo's tokens, {@code now} is when its certificate has to be good. */
    static StartConfiguration load(PropertySource properties, RandomGenerator random, Instant now) throws StartException {
        Optional<DemoWorld> demo = properties.value(DEMO).map(directory -> DemoWorld.in(Path.of(directory), random, now));
        try {
            return new StartConfiguration(new ConfigurationLoader().load(demo.map(DemoWorld::serverConfiguration), properties), demo);
        } catch (ConfigurationException e) {
            throw StartException.of("", e);
        }
    }
}
