package org.openkas.message;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.openkas.proto.rules.FieldRules;
import org.openkas.proto.rules.Rules;

/**
 * What one message type demands, in the order in which violations are told: plain fields, then oneofs, then fields marked
 * {@code optional}. Immutable.
 */
final class TypeRules {
    private static final String REQUIRED = "value is required";

    private final String typeName;
    private final List<FieldCheck> plain = new ArrayList<>();
    private final Map<FieldDescriptor, FieldCheck> members = new HashMap<>();
    private final List<OneofCheck> oneofs = new ArrayList<>();
    private final List<FieldCheck> optional = new ArrayList<>();

    private record OneofCheck(OneofDescriptor oneof, String name, boolean required) {
    }

    TypeRules(Descriptor type) {
        typeName = GoNames.of(type);
        GoNames names = new GoNames(type);
        for (FieldDescriptor field : type.getFields()) {
            FieldCheck check = new FieldCheck(field, names.of(field));
            if (!check.demandsAnything()) {
                continue;
            }
            if (field.getRealContainingOneof() != null) {
                members.put(field, check);
            } else if (field.toProto().getProto3Optional()) {
                optional.add(check);
            } else {
                plain.add(check);
            }
        }
        for (OneofDescriptor oneof : type.getRealOneofs()) {
            boolean required = oneof.getOptions().getExtension(Rules.memberRequired);
            if (required || oneof.getFields().stream().anyMatch(members::containsKey)) {
                oneofs.add(new OneofCheck(oneof, names.of(oneof), required));
            }
        }
    }

    /** Adds the violations of {@code message}, which must be of this type. */
    void check(Message message, List<String> found) {
        for (FieldCheck check : plain) {
            check.check(message, this, found);
        }
        for (OneofCheck check : oneofs) {
            FieldDescriptor chosen = message.getOneofFieldDescriptor(check.oneof());
            FieldCheck member = chosen == null ? null : members.get(chosen);
            if (member != null) {
                member.check(message, this, found);
            } else if (chosen == null && check.required()) {
                found.add(violation(check.name(), REQUIRED));
            }
        }
        for (FieldCheck check : optional) {
            check.check(message, this, found);
        }
    }

    String violation(String field, String reason) {
        return "invalid " + typeName + "." + field + ": " + reason;
    }

    /** Whether a message of this type, or one inside it, can violate anything. */
    static boolean demandsAnything(Descriptor type) {
        return demandsAnything(type, new HashSet<>());
    }

    private static boolean demandsAnything(Descriptor type, Set<Descriptor> seen) {
        if (!seen.add(type)) {
            return false;
        }
        for (OneofDescriptor oneof : type.getRealOneofs()) {
            if (oneof.getOptions().getExtension(Rules.memberRequired)) {
                return true;
            }
        }
        for (FieldDescriptor field : type.getFields()) {
            if (!rules(field).equals(FieldRules.getDefaultInstance())) {
                return true;
            }
            if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE && demandsAnything(field.getMessageType(), seen)) {
                return true;
            }
        }
        return false;
    }

    static FieldRules rules(FieldDescriptor field) {
        return field.getOptions().getExtension(Rules.rules);
    }
}
