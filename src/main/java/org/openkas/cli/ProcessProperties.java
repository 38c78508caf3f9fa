package org.openkas.cli;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.openkas.config.PropertySource;

/**
 * System properties, then environment variables, found by the rules of MicroProfile Config: by the exact name, with
 * {@code _} for all but letters and digits, and the same in capitals. What the server will see later, without MicroProfile.
 */
record ProcessProperties(Properties system, Map<String, String> environment) implements PropertySource {

    @Override
    public Optional<String> value(String name) {
        String variable = name.replaceAll("[^A-Za-z0-9]", "_");
        return Optional.ofNullable(system.getProperty(name)).or(() -> Optional.ofNullable(environment.get(name)))
                .or(() -> Optional.ofNullable(environment.get(variable)))
                .or(() -> Optional.ofNullable(environment.get(variable.toUpperCase(Locale.ROOT)))).filter(text -> !text.isEmpty());
    }
}
