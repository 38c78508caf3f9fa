package org.openkas.message;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.Duration;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** JSON values as values of fields that are not messages; empty where the value does not fit the field. */
final class JsonScalars {
    private static final Pattern NUMBER = Pattern.compile("-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?");
    private static final Pattern INTEGER = Pattern.compile("[+-]?[0-9]+");
    private static final Pattern DURATION = Pattern.compile("([+-]?)(0|[1-9][0-9]*)?(?:(\\.)([0-9]{0,9}))?s");
    private static final BigInteger UNSIGNED_INT_LIMIT = BigInteger.ONE.shiftLeft(32);
    private static final BigInteger UNSIGNED_LONG_LIMIT = BigInteger.ONE.shiftLeft(64);
    private static final long LARGEST_SECONDS = 315_576_000_000L;
    /** Longer texts cannot be a number that fits, and reading them costs more than their length. */
    private static final int LONGEST_NUMBER = 1000;

    private JsonScalars() {
    }

    static Optional<Object> value(JsonNode node, FieldDescriptor field) {
        return switch (field.getJavaType()) {
            case BOOLEAN -> node.isBoolean() ? Optional.of(node.booleanValue()) : Optional.empty();
            case STRING -> text(node).map(Object.class::cast);
            case BYTE_STRING -> bytes(node);
            case ENUM -> constant(node, field);
            case INT, LONG -> decimal(node).flatMap(number -> integer(number, field));
            case FLOAT -> real(node).map(Double::floatValue);
            case DOUBLE -> real(node).map(Object.class::cast);
            case MESSAGE -> Optional.empty();
        };
    }

    /** Keys of maps are texts in JSON whatever they are in the message. */
    static Optional<Object> key(String name, FieldDescriptor field) {
        return switch (field.getJavaType()) {
            case STRING -> wellFormed(name) ? Optional.of(name) : Optional.empty();
            case BOOLEAN -> name.equals("true") || name.equals("false") ? Optional.of(name.equals("true")) : Optional.empty();
            case INT, LONG -> name.length() <= LONGEST_NUMBER && INTEGER.matcher(name).matches()
                    ? integer(new BigDecimal(name), field)
                    : Optional.empty();
            default -> Optional.empty();
        };
    }

    /** Texts such as {@code 3600s} or {@code -0.5s}. */
    static Optional<Duration> duration(String text) {
        Matcher matcher = DURATION.matcher(text);
        if (text.length() > LONGEST_NUMBER || !matcher.matches() || (matcher.group(2) == null && matcher.group(3) == null)) {
            return Optional.empty();
        }
        BigInteger seconds = new BigInteger(orZero(matcher.group(2)));
        String fraction = orZero(matcher.group(4));
        int nanos = Integer.parseInt(fraction + "0".repeat(9 - fraction.length()));
        if (seconds.compareTo(BigInteger.valueOf(LARGEST_SECONDS)) > 0) {
            return Optional.empty();
        }
        int sign = "-".equals(matcher.group(1)) ? -1 : 1;
        return Optional.of(Duration.newBuilder().setSeconds(sign * seconds.longValueExact()).setNanos(sign * nanos).build());
    }

    private static String orZero(@Nullable String digits) {
        return digits == null || digits.isEmpty() ? "0" : digits;
    }

    private static Optional<String> text(JsonNode node) {
        return node.isTextual() && wellFormed(node.textValue()) ? Optional.of(node.textValue()) : Optional.empty();
    }

    /** Half of a surrogate pair has no UTF-8 form. */
    private static boolean wellFormed(String text) {
        return text.codePoints().noneMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
    }

    private static Optional<Object> bytes(JsonNode node) {
        if (!node.isTextual()) {
            return Optional.empty();
        }
        String text = node.textValue();
        Base64.Decoder decoder = text.indexOf('-') >= 0 || text.indexOf('_') >= 0 ? Base64.getUrlDecoder() : Base64.getDecoder();
        try {
            return Optional.of(ByteString.copyFrom(decoder.decode(text)));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** By name or by number; numbers without a name are kept, as a newer peer may know them. */
    private static Optional<Object> constant(JsonNode node, FieldDescriptor field) {
        if (node.isTextual()) {
            EnumValueDescriptor named = field.getEnumType().findValueByName(node.textValue());
            return Optional.ofNullable(named);
        }
        return decimal(node).filter(number -> node.isNumber()).flatMap(JsonScalars::intValue)
                .map(number -> field.getEnumType().findValueByNumberCreatingIfUnknown(number));
    }

    private static Optional<Integer> intValue(BigDecimal number) {
        try {
            return Optional.of(number.intValueExact());
        } catch (ArithmeticException e) {
            return Optional.empty();
        }
    }

    private static Optional<Object> integer(BigDecimal number, FieldDescriptor field) {
        boolean wide = field.getJavaType() == JavaType.LONG;
        try {
            if (!unsigned(field.getType())) {
                return Optional.of(wide ? (Object) number.longValueExact() : (Object) number.intValueExact());
            }
            // the check of the size comes first: expanding 1e999999999 would take gigabytes
            if (number.signum() < 0 || number.precision() - (long) number.scale() > 20) {
                return Optional.empty();
            }
            BigInteger value = number.toBigIntegerExact();
            if (value.compareTo(wide ? UNSIGNED_LONG_LIMIT : UNSIGNED_INT_LIMIT) >= 0) {
                return Optional.empty();
            }
            return Optional.of(wide ? (Object) value.longValue() : (Object) value.intValue());
        } catch (ArithmeticException e) {
            return Optional.empty();
        }
    }

    private static boolean unsigned(FieldDescriptor.Type type) {
        return type == FieldDescriptor.Type.UINT32 || type == FieldDescriptor.Type.FIXED32 || type == FieldDescriptor.Type.UINT64
                || type == FieldDescriptor.Type.FIXED64;
    }

    private static Optional<Double> real(JsonNode node) {
        if (node.isTextual()) {
            switch (node.textValue()) {
                case "NaN" -> {
                    return Optional.of(Double.NaN);
                }
                case "Infinity" -> {
                    return Optional.of(Double.POSITIVE_INFINITY);
                }
                case "-Infinity" -> {
                    return Optional.of(Double.NEGATIVE_INFINITY);
                }
                default -> {
                }
            }
        }
        return decimal(node).map(BigDecimal::doubleValue).filter(Double::isFinite);
    }

    /** A number, or a text that holds one without blanks around it. */
    private static Optional<BigDecimal> decimal(JsonNode node) {
        if (node.isFloat() || node.isDouble()) {
            return Double.isFinite(node.doubleValue()) ? Optional.of(new BigDecimal(node.asText())) : Optional.empty();
        }
        if (node.isNumber()) {
            return Optional.of(node.decimalValue());
        }
        if (!node.isTextual() || node.textValue().length() > LONGEST_NUMBER || !NUMBER.matcher(node.textValue()).matches()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new BigDecimal(node.textValue()));
        } catch (NumberFormatException e) {
            // an exponent beyond what the type can hold
            return Optional.empty();
        }
    }
}
