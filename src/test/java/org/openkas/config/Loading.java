package org.openkas.config;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Loads configurations that tests write as text. */
final class Loading {
    /** The sections that every file needs, with the least in them. */
    static final String LEAST = """
            gitlab: {address: "http://gitlab.example.com", authentication_secret_file: /gitlab}
            redis: {server: {address: "127.0.0.1:6379"}}
            api: {listen: {authentication_secret_file: /api}}
            private_api: {listen: {authentication_secret_file: /private}}
            """;

    private Loading() {
    }

    /** Loads the least file with {@code more} behind it; a section in {@code more} replaces that of the least file. */
    static KasConfiguration withLeast(String more) throws ConfigurationException {
        return load(LEAST + more).configuration();
    }

    static LoadedConfiguration load(String yaml) throws ConfigurationException {
        return load(yaml, PropertySource.none());
    }

    static LoadedConfiguration load(String yaml, Map<String, String> properties) throws ConfigurationException {
        return load(yaml, name -> Optional.ofNullable(properties.get(name)));
    }

    private static LoadedConfiguration load(String yaml, PropertySource properties) throws ConfigurationException {
        try {
            Path file = Files.createTempFile("openkas", ".yaml");
            try {
                Files.writeString(file, yaml);
                return new ConfigurationLoader().load(Optional.of(file), properties);
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Why {@code yaml} cannot be loaded. */
    static String failure(String yaml) {
        return failure(yaml, Map.of());
    }

    static String failure(String yaml, Map<String, String> properties) {
        return catchThrowableOfType(ConfigurationException.class, () -> load(yaml, properties)).getMessage();
    }

    /** Why the least file with {@code more} behind it cannot be loaded. */
    static String failureWithLeast(String more) {
        return failure(LEAST + more);
    }
}
