package org.openkas.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.openkas.common.LogLevel;

/**
 * How one type of value is written (chapter 05 §3.2). Immutable.
 *
 * @param name the type's name for operators
 * @param hint how to write such a value, said when it was not
 * @param parser reads the value of a key
 * @param empty what stands for "not given" where the file's format cannot tell them apart; none where it can
 * @param shown a value as it would be written, for the reference
 * @param property a property's text as the value that the file would hold
 */
record ValueType<T>(String name, String hint, Parser<T> parser, Optional<T> empty, Function<T, String> shown,
        Function<String, JsonNode> property) {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final Pattern NUMBER = Pattern.compile("-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d{1,3})?");
    private static final List<String> NETWORKS_OF_14 = List.of("tcp", "tcp4", "tcp6", "unix");
    private static final List<LogLevel> LEVELS = List.of(LogLevel.INFO, LogLevel.DEBUG, LogLevel.WARN, LogLevel.ERROR);
    private static final long UINT32_MAX = 0xffff_ffffL;

    static final ValueType<String> TEXT = new ValueType<>("text", "put the value in quotes", ValueType::text, Optional.of(""),
            text -> text, NODES::textNode);

    /** Files of 14.x may give a number for the word. */
    static final ValueType<String> NETWORK = new ValueType<>("text", "one of the words tcp, tcp4, tcp6, unix", ValueType::network,
            Optional.of(""), text -> text, NODES::textNode);

    static final ValueType<Duration> DURATION = new ValueType<>("duration", "write seconds followed by s, such as 300s",
            ValueType::duration, Optional.empty(), DurationText::show, NODES::textNode);

    static final ValueType<Long> SIZE = new ValueType<>("whole number", "write a whole number from 0 to 4294967295",
            node -> integer("uint32", node, 0, UINT32_MAX), Optional.of(0L), String::valueOf, NODES::textNode);

    static final ValueType<Long> INDEX = new ValueType<>("whole number", "write a whole number", ValueType::index, Optional.of(0L),
            String::valueOf, NODES::textNode);

    static final ValueType<Double> REAL = new ValueType<>("number", "write a number, such as 50 or 0.5", ValueType::real,
            Optional.of(0.0), number -> CanonicalJson.token(NODES.numberNode((double) number)), NODES::textNode);

    static final ValueType<Boolean> FLAG = new ValueType<>("true or false", "write true or false without quotes", ValueType::flag,
            Optional.of(false), String::valueOf, ValueType::flagOfProperty);

    static final ValueType<LogLevel> LEVEL = new ValueType<>("debug, info, warn or error", "write info, debug, warn or error",
            ValueType::level,
            Optional.of(LogLevel.INFO), LogLevel::label, NODES::textNode);

    static final ValueType<List<String>> TEXTS = new ValueType<>("list of texts", "write a list of texts", ValueType::texts,
            Optional.of(List.of()), texts -> String.join(", ", texts), ValueType::listOfProperty);

    static final ValueType<Map<String, String>> PAIRS = new ValueType<>("mapping of texts", "write a mapping from text to text",
            ValueType::pairs, Optional.of(Map.of()),
            pairs -> pairs.entrySet().stream().map(String::valueOf).collect(Collectors.joining(", ")), ValueType::mappingOfProperty);

    /** One text for the shell, or a program and its arguments. */
    static final ValueType<List<String>> COMMAND = new ValueType<>("text or list of texts",
            "write one text for the shell, or a list of the program and its arguments", ValueType::command, Optional.of(List.of()),
            texts -> String.join(" ", texts), NODES::textNode);

    /** Turns a node, neither missing nor null, into a value. */
    interface Parser<T> {
        T parse(JsonNode node) throws UnexpectedValue;
    }

    private static String text(JsonNode node) throws UnexpectedValue {
        if (!node.isTextual()) {
            throw UnexpectedValue.notA("string", node);
        }
        return node.textValue();
    }

    private static String network(JsonNode node) throws UnexpectedValue {
        boolean number = node.isInt() && node.intValue() >= 0 && node.intValue() < NETWORKS_OF_14.size();
        return number ? NETWORKS_OF_14.get(node.intValue()) : text(node);
    }

    private static Duration duration(JsonNode node) throws UnexpectedValue {
        if (!node.isTextual()) {
            throw UnexpectedValue.shape(node);
        }
        String token = CanonicalJson.token(node);
        Optional<DurationText.Fault> fault = DurationText.fault(node.textValue());
        if (fault.isPresent()) {
            throw UnexpectedValue.because(switch (fault.get()) {
                case FORM -> "invalid google.protobuf.Duration value " + token;
                case RANGE -> "google.protobuf.Duration value out of range: " + token;
            });
        }
        return DurationText.parse(node.textValue());
    }

    private static long integer(String type, JsonNode node, long least, long most) throws UnexpectedValue {
        Optional<BigDecimal> number = number(node).filter(n -> n.stripTrailingZeros().scale() <= 0)
                .filter(n -> n.compareTo(BigDecimal.valueOf(least)) >= 0 && n.compareTo(BigDecimal.valueOf(most)) <= 0);
        return number.orElseThrow(() -> UnexpectedValue.notA(type, node)).longValueExact();
    }

    private static Long index(JsonNode node) throws UnexpectedValue {
        return integer("int32", node, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    private static Double real(JsonNode node) throws UnexpectedValue {
        return switch (node.isTextual() ? node.textValue() : "") {
            case "NaN" -> Double.NaN;
            case "Infinity" -> Double.POSITIVE_INFINITY;
            case "-Infinity" -> Double.NEGATIVE_INFINITY;
            default -> number(node).orElseThrow(() -> UnexpectedValue.notA("double", node)).doubleValue();
        };
    }

    /** A number, or the same digits in quotes. */
    private static Optional<BigDecimal> number(JsonNode node) {
        if (node.isNumber()) {
            return Optional.of(node.decimalValue());
        }
        return node.isTextual() && NUMBER.matcher(node.textValue()).matches()
                ? Optional.of(new BigDecimal(node.textValue()))
                : Optional.empty();
    }

    private static Boolean flag(JsonNode node) throws UnexpectedValue {
        if (!node.isBoolean()) {
            throw UnexpectedValue.notA("bool", node);
        }
        return node.booleanValue();
    }

    private static LogLevel level(JsonNode node) throws UnexpectedValue {
        boolean number = node.isInt() && node.intValue() >= 0 && node.intValue() < LEVELS.size();
        return number
                ? LEVELS.get(node.intValue())
                : LEVELS.stream().filter(level -> node.isTextual() && level.label().equals(node.textValue())).findFirst()
                        .orElseThrow(() -> UnexpectedValue.notA("enum", node));
    }

    private static List<String> texts(JsonNode node) throws UnexpectedValue {
        if (!node.isArray()) {
            throw UnexpectedValue.shape(node);
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode item : node) {
            try {
                texts.add(text(item));
            } catch (UnexpectedValue e) {
                throw e.at("[" + texts.size() + "]");
            }
        }
        return List.copyOf(texts);
    }

    private static Map<String, String> pairs(JsonNode node) throws UnexpectedValue {
        if (!node.isObject()) {
            throw UnexpectedValue.shape(node);
        }
        Map<String, String> pairs = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> member : node.properties()) {
            try {
                pairs.put(member.getKey(), text(member.getValue()));
            } catch (UnexpectedValue e) {
                throw e.at("." + member.getKey());
            }
        }
        return Map.copyOf(pairs);
    }

    private static List<String> command(JsonNode node) throws UnexpectedValue {
        return node.isTextual() ? List.of("/bin/sh", "-c", node.textValue()) : texts(node);
    }

    private static JsonNode flagOfProperty(String text) {
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "true" -> NODES.booleanNode(true);
            case "false" -> NODES.booleanNode(false);
            default -> NODES.textNode(text);
        };
    }

    private static JsonNode listOfProperty(String text) {
        ArrayNode list = NODES.arrayNode();
        for (String item : text.split(",", -1)) {
            list.add(item.strip());
        }
        return list;
    }

    /** {@code a=b,c=d}; a part without an equals sign becomes a key with nothing, which validation then names. */
    private static JsonNode mappingOfProperty(String text) {
        ObjectNode mapping = NODES.objectNode();
        for (String item : text.split(",", -1)) {
            String[] pair = item.split("=", 2);
            mapping.put(pair[0].strip(), pair.length < 2 ? "" : pair[1].strip());
        }
        return mapping;
    }
}
