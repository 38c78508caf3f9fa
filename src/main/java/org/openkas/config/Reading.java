package org.openkas.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What is found while one tree is read, across all its sections. Not thread-safe: one reading, one thread. */
final class Reading {
    private final CanonicalJson json;
    private final Set<String> fromProperties;
    private final boolean describing;
    private final List<TypeError> typeErrors = new ArrayList<>();
    private final List<String> unknownKeys = new ArrayList<>();
    private final List<String> laterErrors = new ArrayList<>();
    private final List<SettingKey> keys = new ArrayList<>();

    private Reading(CanonicalJson json, Set<String> fromProperties, boolean describing) {
        this.json = json;
        this.fromProperties = fromProperties;
        this.describing = describing;
    }

    /**
     * Of a tree.
     *
     * @param json its columns
     * @param fromProperties the paths that properties have set
     */
    Reading(CanonicalJson json, Set<String> fromProperties) {
        this(json, fromProperties, false);
    }

    /** Of nothing, to list the keys. */
    static Reading description() {
        return new Reading(CanonicalJson.ofNothing(), Set.of(), true);
    }

    private record TypeError(int column, String text) {
    }

    void describe(SettingKey key) {
        if (describing) {
            keys.add(key);
        }
    }

    List<SettingKey> keys() {
        return List.copyOf(keys);
    }

    /** The value of {@code path} is of the wrong type; {@code hint} says how to write it. */
    void unexpected(String path, UnexpectedValue found, String hint) {
        int column = json.valueColumn(path + found.place());
        String origin = fromProperties.contains(path) ? "property openkas." + path : path + found.place();
        typeErrors.add(new TypeError(column, found.text(column) + " (" + origin + ": " + hint + ")"));
    }

    /** Two keys exclude each other; {@code later} is the one that stands later in the sorted file. */
    void exclusive(String later, String group, String hint) {
        int column = json.keyColumn(later);
        String name = later.substring(later.lastIndexOf('.') + 1);
        typeErrors.add(new TypeError(column,
                "proto: (line 1:" + column + "): error parsing \"" + name + "\", oneof " + group + " is already set (" + hint + ")"));
    }

    void unknown(String path) {
        unknownKeys.add(path);
    }

    /** Something that only becomes an error after all validation has passed. */
    void later(String text) {
        laterErrors.add(text);
    }

    /** The type error that comes first in the file. */
    Optional<String> firstTypeError() {
        return typeErrors.stream().min(Comparator.comparingInt(TypeError::column)).map(TypeError::text);
    }

    Optional<String> firstLaterError() {
        return laterErrors.stream().findFirst();
    }

    List<String> unknownKeys() {
        return List.copyOf(unknownKeys);
    }
}
