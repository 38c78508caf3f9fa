package org.openkas.config;

import java.util.List;

/**
 * A configuration that the server can start with. Immutable.
 *
 * @param configuration the settings
 * @param warnings what the operator should know, one line each: unknown keys, capabilities that are missing
 */
public record LoadedConfiguration(KasConfiguration configuration, List<String> warnings) {
    /** Keeps a copy of the list. */
    public LoadedConfiguration {
        warnings = List.copyOf(warnings);
    }
}
