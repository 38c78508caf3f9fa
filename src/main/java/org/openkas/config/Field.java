package org.openkas.config;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * One key with a value, while it is read: rules first, then one of the ending calls (chapter 05 §5). Not thread-safe.
 *
 * @param <T> the value in Java
 */
final class Field<T> {
    private final MessageReader reader;
    private final String key;
    private final ValueType<T> type;
    private final String meaning;
    private final List<Rule<T>> rules = new ArrayList<>();
    private boolean explicit;

    Field(MessageReader reader, String key, ValueType<T> type, String meaning) {
        this.reader = reader;
        this.key = key;
        this.type = type;
        this.meaning = meaning;
    }

    /** The value has to keep this rule. */
    Field<T> must(Rule<T> rule) {
        rules.add(rule);
        return this;
    }

    /** Giving an empty value differs from giving none. */
    Field<T> explicit() {
        explicit = true;
        return this;
    }

    /** The value, or {@code fallback} if there is none. An empty text and the number 0 count as none, unless explicit. */
    T orElse(T fallback) {
        return value(type.shown().apply(fallback)).filter(value -> explicit || !isEmpty(value)).orElse(fallback);
    }

    /** The value if there is one. An empty text and the number 0 count as none, unless explicit. */
    Optional<T> ifGiven() {
        return value("").filter(value -> explicit || !isEmpty(value));
    }

    private Optional<T> value(String fallback) {
        reader.known(key);
        String rule = rules.stream().map(Rule::text).collect(Collectors.joining("; "));
        reader.reading()
                .describe(new SettingKey(reader.path(key), SettingKey.Form.VALUE, type.name(), fallback, rule, meaning, type.property()));
        Optional<T> given = reader.given(key) ? parse(reader.value(key)) : Optional.empty();
        Optional<T> seen = explicit ? given : given.or(type::empty);
        MessageReader.Turn turn = explicit ? MessageReader.Turn.OPTIONAL : MessageReader.Turn.PLAIN;
        seen.ifPresent(value -> rules.forEach(
                each -> each.check().of(value, (part, reason) -> reader.violation(turn, MessageReader.goName(key) + part, reason))));
        return given;
    }

    private Optional<T> parse(JsonNode node) {
        try {
            return Optional.of(type.parser().parse(node));
        } catch (UnexpectedValue e) {
            reader.reading().unexpected(reader.path(key), e, type.hint());
            return Optional.empty();
        }
    }

    private boolean isEmpty(T value) {
        return type.empty().map(value::equals).orElse(false);
    }
}
