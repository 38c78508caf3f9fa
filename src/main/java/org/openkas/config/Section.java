package org.openkas.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.Optional;
import java.util.function.Function;

/**
 * One key with a mapping, while it is read: ends in one of the calls that say what its absence means. Not thread-safe.
 *
 * @param <T> the section in Java
 */
final class Section<T> {
    private final MessageReader reader;
    private final String key;
    private final String message;
    private final String meaning;
    private final Function<MessageReader, T> read;
    private MessageReader.Turn turn = MessageReader.Turn.PLAIN;

    Section(MessageReader reader, String key, String message, String meaning, Function<MessageReader, T> read) {
        this.reader = reader;
        this.key = key;
        this.message = message;
        this.meaning = meaning;
        this.read = read;
    }

    /** This section is one of several of which only one may be given. */
    Section<T> alternative() {
        turn = MessageReader.Turn.ONE_OF;
        return this;
    }

    /** An absent section is like an empty one. */
    T orDefaults() {
        return section("");
    }

    /** An absent section stays absent. */
    Optional<T> ifGiven() {
        T section = section("absent");
        return usable() ? Optional.of(section) : Optional.empty();
    }

    /** An absent section is a violation. */
    T required() {
        T section = section("required");
        demand(false);
        return section;
    }

    /** An absent section is a violation unless {@code exempt}, for the reason that {@code exception} tells operators. */
    Optional<T> requiredUnless(boolean exempt, String exception) {
        T section = section("required " + exception);
        demand(exempt);
        return usable() ? Optional.of(section) : Optional.empty();
    }

    private void demand(boolean exempt) {
        if (!exempt && !reader.given(key)) {
            reader.violation(turn, MessageReader.goName(key), "value is required");
        }
    }

    private boolean usable() {
        return reader.value(key).isObject();
    }

    private T section(String fallback) {
        reader.known(key);
        reader.reading().describe(new SettingKey(reader.path(key), SettingKey.Form.SECTION, "section", fallback, "", meaning,
                ValueType.FLAG.property()));
        JsonNode node = usable() ? reader.value(key) : MissingNode.getInstance();
        if (reader.given(key) && !usable()) {
            reader.reading().unexpected(reader.path(key), UnexpectedValue.shape(reader.value(key)), "write a mapping of keys to values");
        }
        MessageReader inner = new MessageReader(reader.reading(), message, reader.path(key), node);
        T section = read.apply(inner);
        inner.finish().ifPresent(cause -> reader.violation(turn, MessageReader.goName(key),
                "embedded message failed validation | caused by: " + cause));
        return section;
    }
}
