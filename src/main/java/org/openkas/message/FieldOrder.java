package org.openkas.message;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.openkas.proto.rules.Order;

/**
 * In which order the members of a message type's first oneof may follow each other in a stream (chapter 01 §4.5).
 * Immutable; whoever reads a stream remembers where it stands.
 */
public final class FieldOrder {
    /** Where a stream begins. */
    public static final int START = -2;
    /** Where it ends. */
    public static final int END = -1;

    private final Map<Integer, List<Integer>> allowed = new HashMap<>();

    /** Of a type whose first oneof carries the options of {@code openkas/order.proto}. */
    public FieldOrder(Descriptor type) {
        OneofDescriptor oneof = type.getRealOneofs().getFirst();
        allowed.put(START, List.copyOf(oneof.getOptions().getExtension(Order.first)));
        for (FieldDescriptor field : oneof.getFields()) {
            allowed.put(field.getNumber(), List.copyOf(field.getOptions().getExtension(Order.next)));
        }
    }

    /** What is wrong with going from one field number, or {@link #START}, to another, or {@link #END}; empty if nothing. */
    public Optional<String> objection(int from, int to) {
        List<Integer> next = allowed.getOrDefault(from, List.of());
        if (next.contains(to)) {
            return Optional.empty();
        }
        String list = String.join(" ", next.stream().map(String::valueOf).toList());
        return Optional.of("transition from " + from + " to " + to + " is not allowed. Allowed: [" + list + "]");
    }
}
