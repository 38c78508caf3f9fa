package org.openkas.message;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Enforces what {@code proto/openkas/rules.proto} lets messages demand of themselves, with the texts of chapter 01 §3.8.
 * Thread-safe; what a type demands is worked out once per type.
 */
public final class MessageRules {
    /** As many entries as there are message types. */
    private static final Map<Descriptor, TypeRules> TYPES = new ConcurrentHashMap<>();

    private MessageRules() {
    }

    /**
     * All violations joined by {@code "; "}, such as {@code invalid Header.Request: value is required}; empty if the message
     * is as it should be.
     */
    public static Optional<String> violations(Message message) {
        List<String> found = new ArrayList<>(0);
        of(message.getDescriptorForType()).check(message, found);
        return found.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", found));
    }

    static TypeRules of(Descriptor type) {
        return TYPES.computeIfAbsent(type, TypeRules::new);
    }
}
