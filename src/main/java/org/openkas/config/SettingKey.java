package org.openkas.config;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;
import java.util.function.Function;

/**
 * What is known about one key of the file: for the overlay by properties and for the settings reference. Immutable.
 *
 * @param path the key's place, such as {@code agent.listen.address}
 * @param form what is written there
 * @param type the type in words
 * @param fallback what applies when the key is absent, in words
 * @param rule the constraints in words; empty if there are none
 * @param meaning what it does
 * @param property a property's text as the value that the file would hold
 */
public record SettingKey(String path, Form form, String type, String fallback, String rule, String meaning,
        Function<String, JsonNode> property) {

    /** What is written at a key. */
    public enum Form {
        /** A mapping of further keys. */
        SECTION,
        /** A value. */
        VALUE,
        /** Anything: the key belongs to another release and is passed over. */
        IGNORED
    }

    /** The property that gives the same value; for a section the one that makes it exist. */
    public String propertyName() {
        return "openkas." + path + (form == Form.SECTION ? ".enabled" : "");
    }

    /** The environment variable that MicroProfile Config reads for {@link #propertyName()}. */
    public String environmentName() {
        return propertyName().replaceAll("[^A-Za-z0-9]", "_").toUpperCase(Locale.ROOT);
    }
}
