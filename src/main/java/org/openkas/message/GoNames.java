package org.openkas.message;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.openkas.proto.rules.Rules;

/**
 * The names that messages, fields and oneofs have in Go, because texts that agents and users see are made of them (chapter
 * 01 §3.8): {@code project_id} is {@code ProjectId}, a field {@code descriptor} is {@code Descriptor_} since Go messages
 * have a method of that name, and nested types are {@code Outer_Inner}. Immutable.
 */
final class GoNames {
    /** Methods of every Go message; a field of that name gets an underscore. */
    private static final List<String> METHODS = List.of("Reset", "String", "ProtoMessage", "Marshal", "Unmarshal", "ExtensionRangeArray",
            "ExtensionMap", "Descriptor");

    private final Map<FieldDescriptor, String> fields = new HashMap<>();
    private final Map<OneofDescriptor, String> oneofs = new HashMap<>();

    GoNames(Descriptor type) {
        Set<String> taken = new HashSet<>(METHODS);
        for (FieldDescriptor field : type.getFields()) {
            String name = camelCase(referenceName(field));
            // each field has a getter too, which must not clash either
            while (taken.contains(name) || taken.contains("Get" + name)) {
                name += "_";
            }
            taken.add(name);
            taken.add("Get" + name);
            fields.put(field, name);
            OneofDescriptor oneof = field.getContainingOneof();
            if (oneof != null && !oneofs.containsKey(oneof)) {
                oneofs.put(oneof, free(taken, camelCase(oneof.getName())));
            }
        }
    }

    private static String referenceName(FieldDescriptor field) {
        String name = field.getOptions().getExtension(Rules.rules).getReferenceName();
        return name.isEmpty() ? field.getName() : name;
    }

    private static String free(Set<String> taken, String wanted) {
        String name = wanted;
        while (!taken.add(name)) {
            name += "_";
        }
        return name;
    }

    String of(FieldDescriptor field) {
        return fields.getOrDefault(field, field.getName());
    }

    String of(OneofDescriptor oneof) {
        return oneofs.getOrDefault(oneof, oneof.getName());
    }

    /** The name of a message type, with its outer types. */
    static String of(Descriptor type) {
        Descriptor outer = type.getContainingType();
        String name = camelCase(type.getName());
        return outer == null ? name : of(outer) + "_" + name;
    }

    /** An underscore goes when a lower-case letter follows, which becomes upper case; a leading underscore becomes X. */
    static String camelCase(String name) {
        StringBuilder result = new StringBuilder(name.length());
        boolean wordBegins = true;
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c == '_' && i == 0) {
                result.append('X');
                wordBegins = true;
            } else if (c == '_' && i + 1 < name.length() && isLower(name.charAt(i + 1))) {
                wordBegins = true;
            } else {
                result.append(wordBegins && isLower(c) ? (char) (c - 'a' + 'A') : c);
                // whatever is not a lower-case letter ends the word
                wordBegins = !isLower(c) && !(c >= 'A' && c <= 'Z');
            }
        }
        return result.toString();
    }

    private static boolean isLower(char c) {
        return c >= 'a' && c <= 'z';
    }
}
