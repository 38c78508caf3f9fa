package org.openkas.config;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * One constraint on a value, with the reason texts of chapter 05 §3.4. Immutable.
 *
 * @param text the constraint in the words of the reference for operators
 * @param check tells every way in which a value breaks it
 */
record Rule<T>(String text, Check<T> check) {
    private static final Pattern VERSION = Pattern.compile("\\d{1,9}\\.\\d{1,9}\\.\\d{1,9}");
    private static final Pattern METHOD = Pattern.compile("/?[A-Za-z_][\\w.]*/[A-Za-z_]\\w*");
    private static final String TOO_SHORT = "value length must be at least 1 bytes";

    /** Looks at a value. */
    interface Check<T> {
        void of(T value, Violations violations);
    }

    /** Takes violations; {@code part} names a part of the value, such as {@code [1]}, and is empty for the whole. */
    interface Violations {
        void add(String part, String reason);
    }

    static Rule<String> notEmpty() {
        return simple("not empty", value -> !value.isEmpty(), TOO_SHORT);
    }

    static Rule<String> absoluteUri() {
        return new Rule<>("absolute URI", (value, violations) -> UriText.fault(value).ifPresentOrElse(
                cause -> violations.add("", "value must be a valid URI | caused by: " + cause), () -> {
                    if (!UriText.absolute(value)) {
                        violations.add("", "value must be absolute");
                    }
                }));
    }

    static Rule<String> in(String... words) {
        List<String> list = List.of(words);
        return simple("one of " + String.join(", ", list.stream().filter(word -> !word.isEmpty()).toList()), list::contains,
                "value must be in list [" + String.join(" ", list) + "]");
    }

    static Rule<Duration> positive() {
        return simple("greater than 0s", Duration::isPositive, "value must be greater than 0s");
    }

    static Rule<Duration> zeroOrLonger() {
        return simple("0s or longer", value -> !value.isNegative(), "value must be greater than or equal to 0s");
    }

    static <N extends Number> Rule<N> zeroOrMore() {
        return simple("0 or more", value -> value.doubleValue() >= 0, "value must be greater than or equal to 0");
    }

    static Rule<List<String>> someNotEmpty() {
        return new Rule<>("at least one, none empty", (items, violations) -> {
            if (items.isEmpty()) {
                violations.add("", "value must contain at least 1 item(s)");
            }
            for (int i = 0; i < items.size(); i++) {
                if (items.get(i).isEmpty()) {
                    violations.add("[" + i + "]", TOO_SHORT);
                }
            }
        });
    }

    static Rule<String> version() {
        return simple("X.Y.Z", value -> value.isEmpty() || VERSION.matcher(value).matches(),
                "value must have the form X.Y.Z, such as 16.6.0");
    }

    /** Both sides are full names of methods. */
    static Rule<Map<String, String>> methodNames() {
        return new Rule<>("full names, such as gitlab.agent.example.rpc.Example/Method",
                (pairs, violations) -> new TreeMap<>(pairs).forEach((alias, canonical) -> {
                    if (!METHOD.matcher(alias).matches() || !METHOD.matcher(canonical).matches()) {
                        violations.add("[" + alias + "]",
                                "both names must be full method names, such as gitlab.agent.example.rpc.Example/Method");
                    }
                }));
    }

    private static <T> Rule<T> simple(String text, Predicate<T> kept, String reason) {
        return new Rule<>(text, (value, violations) -> {
            if (!kept.test(value)) {
                violations.add("", reason);
            }
        });
    }
}
