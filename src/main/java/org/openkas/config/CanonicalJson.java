package org.openkas.config;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The one line of JSON that the reference makes of the file before it reads it: keys sorted, no blanks. Its error texts
 * count columns in that line, so ours can name the same ones (chapter 05 §3.2).
 */
final class CanonicalJson {
    private final Map<String, Integer> keys = new HashMap<>();
    private final Map<String, Integer> values = new HashMap<>();
    private int column = 1;

    private CanonicalJson() {
    }

    /** No columns. */
    static CanonicalJson ofNothing() {
        return new CanonicalJson();
    }

    /**
     * The columns of everything in {@code tree}.
     *
     * @throws YamlException for numbers that JSON has no form for
     */
    static CanonicalJson of(JsonNode tree) throws YamlException {
        CanonicalJson json = new CanonicalJson();
        json.write("", tree);
        return json;
    }

    /** Where the key of {@code path} begins, counted from 1. */
    int keyColumn(String path) {
        return keys.getOrDefault(path, 1);
    }

    /** Where the value of {@code path} begins, counted from 1; items of lists have paths such as {@code a.b[0]}. */
    int valueColumn(String path) {
        return values.getOrDefault(path, 1);
    }

    /** The first token of {@code value}: all of a scalar, the opening bracket of anything else. */
    static String token(JsonNode value) {
        if (value.isObject()) {
            return "{";
        }
        if (value.isArray()) {
            return "[";
        }
        return value.isTextual() ? quoted(value.textValue()) : value.isNumber() ? number(value) : value.asText();
    }

    /** {@code text} as a JSON string. */
    static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.codePoints().forEach(c -> {
            switch (c) {
                case '"' -> quoted.append("\\\"");
                case '\\' -> quoted.append("\\\\");
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                case '<', '>', '&', 0x2028, 0x2029 -> quoted.append("\\u%04x".formatted(c));
                default -> quoted.append(c < 0x20 ? "\\u%04x".formatted(c) : Character.toString(c));
            }
        });
        return quoted.append('"').toString();
    }

    private void write(String path, JsonNode value) throws YamlException {
        values.putIfAbsent(path, column);
        if (value.isObject()) {
            Map<String, JsonNode> members = new TreeMap<>();
            value.properties().forEach(member -> members.put(member.getKey(), member.getValue()));
            for (Map.Entry<String, JsonNode> member : members.entrySet()) {
                column++;
                String memberPath = path.isEmpty() ? member.getKey() : path + "." + member.getKey();
                keys.putIfAbsent(memberPath, column);
                advance(quoted(member.getKey()));
                column++;
                write(memberPath, member.getValue());
            }
            column += members.isEmpty() ? 2 : 1;
        } else if (value.isArray()) {
            for (int i = 0; i < value.size(); i++) {
                column++;
                write(path + "[" + i + "]", value.get(i));
            }
            column += value.isEmpty() ? 2 : 1;
        } else {
            if (value.isDouble() && !Double.isFinite(value.doubleValue())) {
                throw new YamlException("json: unsupported value: " + special(value.doubleValue()), new ArithmeticException(path));
            }
            advance(token(value));
        }
    }

    private void advance(String token) {
        column += token.codePointCount(0, token.length());
    }

    private static String special(double value) {
        return Double.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
    }

    private static String number(JsonNode value) {
        if (value.canConvertToLong() && value.isIntegralNumber()) {
            return value.asText();
        }
        BigDecimal exact = new BigDecimal(Double.toString(value.doubleValue())).stripTrailingZeros();
        int exponent = exact.precision() - exact.scale() - 1;
        if (exact.signum() == 0 || (exponent >= -6 && exponent < 21)) {
            return exact.toPlainString();
        }
        String digits = exact.unscaledValue().abs().toString();
        List<String> parts = List.of(exact.signum() < 0 ? "-" : "", digits.substring(0, 1), digits.length() > 1 ? "." : "",
                digits.substring(1), exponent < 0 ? "e-" : "e+", Integer.toString(Math.abs(exponent)));
        return String.join("", parts);
    }
}
