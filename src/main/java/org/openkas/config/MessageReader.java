package org.openkas.config;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads one mapping of the file key by key and remembers what was wrong, under the names that the reference uses (chapter
 * 05 §3.4). The same calls describe the keys. Reads an absent mapping too: everything then has its default and nothing is a
 * violation. Not thread-safe.
 */
final class MessageReader {
    private final Reading reading;
    private final String message;
    private final String path;
    private final JsonNode node;
    private final Set<String> known = new HashSet<>();
    private final Map<Turn, List<String>> violations = new EnumMap<>(Turn.class);

    MessageReader(Reading reading, String message, String path, JsonNode node) {
        this.reading = reading;
        this.message = message;
        this.path = path;
        this.node = node;
    }

    /** The order in which the reference looks at the fields of one message: those that are "optional" come last. */
    enum Turn {
        PLAIN, ONE_OF, OPTIONAL
    }

    Field<String> text(String key, String meaning) {
        return new Field<>(this, key, ValueType.TEXT, meaning);
    }

    Field<String> network(String key, String meaning) {
        return new Field<>(this, key, ValueType.NETWORK, meaning);
    }

    Field<Duration> duration(String key, String meaning) {
        return new Field<>(this, key, ValueType.DURATION, meaning);
    }

    Field<Long> size(String key, String meaning) {
        return new Field<>(this, key, ValueType.SIZE, meaning);
    }

    Field<Double> real(String key, String meaning) {
        return new Field<>(this, key, ValueType.REAL, meaning);
    }

    boolean flag(String key, String meaning) {
        return new Field<>(this, key, ValueType.FLAG, meaning).orElse(false);
    }

    <T> Field<T> field(String key, ValueType<T> type, String meaning) {
        return new Field<>(this, key, type, meaning);
    }

    /** A mapping inside this one. */
    <T> Section<T> section(String key, String message, String meaning, Function<MessageReader, T> read) {
        return new Section<>(this, key, message, meaning, read);
    }

    /** A key of another release: anything may stand there and has no effect. */
    void ignored(String key, String meaning) {
        known.add(key);
        reading.describe(new SettingKey(path(key), SettingKey.Form.IGNORED, "anything", "", "", meaning, text -> node));
    }

    /** Exactly one of two keys, given in the order of the alphabet, must be there. */
    void exactlyOneOf(String first, String second, String group, String goName) {
        if (given(first) && given(second)) {
            reading.exclusive(path(second), group, "give only one of " + path(first) + " and " + path(second));
        } else if (!given(first) && !given(second)) {
            violation(Turn.ONE_OF, goName, "value is required");
        }
    }

    /** Whether the key is there and not null. */
    boolean given(String key) {
        return !value(key).isMissingNode() && !value(key).isNull();
    }

    JsonNode value(String key) {
        return node.path(key);
    }

    /** Whether this mapping is in the file. */
    boolean present() {
        return node.isObject();
    }

    String path(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    Reading reading() {
        return reading;
    }

    void known(String key) {
        known.add(key);
    }

    void violation(Turn turn, String goName, String reason) {
        if (present()) {
            violations.computeIfAbsent(turn, _ -> new ArrayList<>()).add("invalid " + message + "." + goName + ": " + reason);
        }
    }

    /** Call after the last key: passes the unknown keys on and gives all violations of this mapping as one text. */
    Optional<String> finish() {
        node.fieldNames().forEachRemaining(key -> {
            if (!known.contains(key)) {
                reading.unknown(path(key));
            }
        });
        Stream<String> all = violations.values().stream().flatMap(List::stream);
        return Optional.of(all.collect(Collectors.joining("; "))).filter(text -> !text.isEmpty());
    }

    /** The key's name in the reference's messages: {@code api_rate_limit} becomes {@code ApiRateLimit}. */
    static String goName(String key) {
        return Stream.of(key.split("_", -1)).map(word -> word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1))
                .collect(Collectors.joining());
    }
}
