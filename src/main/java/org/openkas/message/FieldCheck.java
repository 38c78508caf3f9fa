package org.openkas.message;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.openkas.proto.rules.FieldRules;

/** What one field demands, its own rules and those of the messages in it. Immutable. */
final class FieldCheck {
    private static final long LARGEST_SECONDS = 315_576_000_000L;
    private static final int NANOS_PER_SECOND = 1_000_000_000;

    private final FieldDescriptor field;
    private final String name;
    private final FieldRules rules;
    /** Whether the messages in the field have rules of their own. */
    private final boolean descends;

    FieldCheck(FieldDescriptor field, String name) {
        this.field = field;
        this.name = name;
        rules = TypeRules.rules(field);
        FieldDescriptor value = field.isMapField() ? field.getMessageType().findFieldByNumber(2) : field;
        descends = value.getJavaType() == JavaType.MESSAGE && TypeRules.demandsAnything(value.getMessageType());
    }

    boolean demandsAnything() {
        return descends || !rules.equals(FieldRules.getDefaultInstance());
    }

    void check(Message message, TypeRules type, List<String> found) {
        if (field.isMapField()) {
            entries(message).forEach((key, value) -> inner(value, name + "[" + key + "]", type, found));
        } else if (field.isRepeated()) {
            elements(message, type, found);
        } else if (!field.hasPresence() || message.hasField(field)) {
            value(message.getField(field), type, found);
        } else if (rules.getRequired()) {
            found.add(type.violation(name, "value is required"));
        }
    }

    /** The message values of a map, in the order of their keys. */
    private Map<String, Message> entries(Message message) {
        Map<String, Message> entries = new TreeMap<>();
        if (descends) {
            FieldDescriptor key = field.getMessageType().findFieldByNumber(1);
            FieldDescriptor value = field.getMessageType().findFieldByNumber(2);
            for (Object entry : (List<?>) message.getField(field)) {
                Message pair = (Message) entry;
                entries.put(String.valueOf(pair.getField(key)), (Message) pair.getField(value));
            }
        }
        return entries;
    }

    private void elements(Message message, TypeRules type, List<String> found) {
        int count = message.getRepeatedFieldCount(field);
        if (count < rules.getMinItems()) {
            found.add(type.violation(name, "value must contain at least " + rules.getMinItems() + " item(s)"));
        }
        if (!descends && rules.getEachMinBytes() == 0) {
            return;
        }
        for (int i = 0; i < count; i++) {
            Object element = message.getRepeatedField(field, i);
            String place = name + "[" + i + "]";
            if (descends) {
                inner((Message) element, place, type, found);
            } else {
                length(element, rules.getEachMinBytes(), place, type, found);
            }
        }
    }

    private void value(Object value, TypeRules type, List<String> found) {
        length(value, rules.getMinBytes(), name, type, found);
        if (rules.getOneOfCount() > 0 && !rules.getOneOfList().contains(value)) {
            found.add(type.violation(name, "value must be in list [" + String.join(" ", rules.getOneOfList()) + "]"));
        }
        if (value instanceof Number number) {
            number(number.longValue(), type, found);
        } else if (value instanceof Duration duration) {
            duration(duration, type, found);
        } else if (descends) {
            inner((Message) value, name, type, found);
        }
    }

    private static void length(Object value, int least, String place, TypeRules type, List<String> found) {
        int length = switch (value) {
            case ByteString bytes -> bytes.size();
            // a character takes at least a byte, so most texts need not be counted
            case String text when text.length() >= least -> least;
            case String text -> text.getBytes(StandardCharsets.UTF_8).length;
            default -> least;
        };
        if (length < least) {
            found.add(type.violation(place, "value length must be at least " + least + " bytes"));
        }
    }

    private void number(long value, TypeRules type, List<String> found) {
        if (rules.hasGreaterThan() && value <= rules.getGreaterThan()) {
            found.add(type.violation(name, "value must be greater than " + rules.getGreaterThan()));
        }
        if (rules.hasAtLeast() && value < rules.getAtLeast()) {
            found.add(type.violation(name, "value must be greater than or equal to " + rules.getAtLeast()));
        }
    }

    private void duration(Duration value, TypeRules type, List<String> found) {
        if (!rules.hasGreaterThan()) {
            return;
        }
        if (!valid(value)) {
            found.add(type.violation(name, "value is not a valid duration"));
            return;
        }
        long limit = rules.getGreaterThan();
        if (value.getSeconds() < limit || (value.getSeconds() == limit && value.getNanos() <= 0)) {
            found.add(type.violation(name, "value must be greater than " + limit + "s"));
        }
    }

    /** Within 10,000 years, less than a second in the nanoseconds, and both parts of one sign. */
    private static boolean valid(Duration value) {
        long seconds = value.getSeconds();
        int nanos = value.getNanos();
        return Math.abs(seconds) <= LARGEST_SECONDS && seconds != Long.MIN_VALUE && Math.abs((long) nanos) < NANOS_PER_SECOND
                && !(seconds > 0 && nanos < 0) && !(seconds < 0 && nanos > 0);
    }

    private static void inner(Message value, String place, TypeRules type, List<String> found) {
        List<String> inside = new ArrayList<>(0);
        MessageRules.of(value.getDescriptorForType()).check(value, inside);
        if (!inside.isEmpty()) {
            found.add(type.violation(place, "embedded message failed validation | caused by: " + String.join("; ", inside)));
        }
    }
}
