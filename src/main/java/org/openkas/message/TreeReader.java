package org.openkas.message;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/** One reading of one tree into a message. Not thread-safe. */
final class TreeReader {
    /** As many entries as there are message types read from JSON. */
    private static final Map<Descriptor, Map<String, FieldDescriptor>> FIELDS = new ConcurrentHashMap<>();

    /** What becomes of members that the message has no field for. */
    enum Unknown {
        IGNORED, COLLECTED, REFUSED
    }

    private final JsonNode root;
    private final Unknown mode;
    private final Set<String> unknown = new TreeSet<>();

    TreeReader(JsonNode root, Unknown mode) {
        this.root = root;
        this.mode = mode;
    }

    List<String> unknown() {
        return List.copyOf(unknown);
    }

    @SuppressWarnings("unchecked") // a message's builder builds messages of the same class
    <M extends Message> M read(M prototype) throws ProtoJsonException {
        Message.Builder builder = prototype.newBuilderForType();
        members(root, builder, JsonPlace.ROOT);
        return (M) builder.build();
    }

    private void members(JsonNode node, Message.Builder builder, JsonPlace place) throws ProtoJsonException {
        if (!node.isObject()) {
            throw unexpected(node, place);
        }
        Map<String, FieldDescriptor> fields = FIELDS.computeIfAbsent(builder.getDescriptorForType(), TreeReader::byJsonName);
        Set<OneofDescriptor> chosen = new HashSet<>();
        for (Map.Entry<String, JsonNode> member : node.properties()) {
            JsonPlace here = place.member(member.getKey());
            FieldDescriptor field = fields.get(member.getKey());
            if (field == null) {
                unknown(member.getKey(), here);
            } else if (!member.getValue().isNull()) {
                OneofDescriptor oneof = field.getContainingOneof();
                if (oneof != null && !chosen.add(oneof)) {
                    throw error(here.nameColumn(root),
                            "error parsing " + quoted(member.getKey()) + ", oneof " + oneof.getFullName() + " is already set");
                }
                field(member.getValue(), field, builder, here);
            }
        }
    }

    private void unknown(String name, JsonPlace place) throws ProtoJsonException {
        switch (mode) {
            case IGNORED -> {
            }
            case COLLECTED -> unknown.add(place.path());
            case REFUSED -> throw error(place.nameColumn(root), "unknown field " + quoted(name));
        }
    }

    private void field(JsonNode node, FieldDescriptor field, Message.Builder builder, JsonPlace place) throws ProtoJsonException {
        if (field.isMapField()) {
            entries(node, field, builder, place);
        } else if (field.isRepeated()) {
            if (!node.isArray()) {
                throw unexpected(node, place);
            }
            for (int i = 0; i < node.size(); i++) {
                builder.addRepeatedField(field, value(node.get(i), field, builder, place.element(i)));
            }
        } else {
            builder.setField(field, value(node, field, builder, place));
        }
    }

    private void entries(JsonNode node, FieldDescriptor field, Message.Builder builder, JsonPlace place) throws ProtoJsonException {
        if (!node.isObject()) {
            throw unexpected(node, place);
        }
        FieldDescriptor key = field.getMessageType().findFieldByNumber(1);
        FieldDescriptor value = field.getMessageType().findFieldByNumber(2);
        for (Map.Entry<String, JsonNode> member : node.properties()) {
            JsonPlace here = place.member(member.getKey());
            Message.Builder entry = builder.newBuilderForField(field);
            entry.setField(key, JsonScalars.key(member.getKey(), key)
                    .orElseThrow(
                            () -> error(here.nameColumn(root), "invalid value for " + kind(key) + " key: " + quoted(member.getKey()))));
            entry.setField(value, value(member.getValue(), value, entry, here));
            builder.addRepeatedField(field, entry.build());
        }
    }

    private Object value(JsonNode node, FieldDescriptor field, Message.Builder owner, JsonPlace place) throws ProtoJsonException {
        if (field.getJavaType() != JavaType.MESSAGE) {
            return JsonScalars.value(node, field)
                    .orElseThrow(() -> error(place.valueColumn(root), "invalid value for " + kind(field) + " type: " + token(node)));
        }
        if (field.getMessageType().equals(Duration.getDescriptor())) {
            return duration(node, place);
        }
        Message.Builder inner = owner.newBuilderForField(field);
        members(node, inner, place);
        return inner.build();
    }

    private Duration duration(JsonNode node, JsonPlace place) throws ProtoJsonException {
        if (!node.isTextual()) {
            throw unexpected(node, place);
        }
        return JsonScalars.duration(node.textValue())
                .orElseThrow(() -> error(place.valueColumn(root), "invalid google.protobuf.Duration value " + token(node)));
    }

    private static Map<String, FieldDescriptor> byJsonName(Descriptor type) {
        Map<String, FieldDescriptor> fields = new HashMap<>();
        type.getFields().forEach(field -> fields.put(field.getJsonName(), field));
        return Map.copyOf(fields);
    }

    private static String kind(FieldDescriptor field) {
        return field.getType().name().toLowerCase(Locale.ROOT);
    }

    /** What a reader of text would see first of this value. */
    private static String token(JsonNode node) {
        return node.isObject() ? "{" : node.isArray() ? "[" : node.toString();
    }

    private static String quoted(String name) {
        return TextNode.valueOf(name).toString();
    }

    private ProtoJsonException unexpected(JsonNode node, JsonPlace place) {
        return new ProtoJsonException("proto: syntax error (line 1:" + place.valueColumn(root) + "): unexpected token " + token(node));
    }

    private static ProtoJsonException error(int column, String text) {
        return new ProtoJsonException("proto: (line 1:" + column + "): " + text);
    }
}
