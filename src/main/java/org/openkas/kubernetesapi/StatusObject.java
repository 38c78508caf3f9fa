package org.openkas.kubernetesapi;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A failure as Kubernetes clients understand it (chapter 03 §9). Immutable.
 *
 * @param code the HTTP status
 */
record StatusObject(int code, String message) {
    private static final byte[] PROTOBUF_MAGIC = {0x6b, 0x38, 0x73, 0x00};
    private static final int YAML_WIDTH = 80;
    private static final Map<Integer, String> REASONS = Map.ofEntries(Map.entry(400, "BadRequest"), Map.entry(401, "Unauthorized"),
            Map.entry(403, "Forbidden"), Map.entry(404, "NotFound"), Map.entry(405, "MethodNotAllowed"), Map.entry(406, "NotAcceptable"),
            Map.entry(409, "Conflict"), Map.entry(410, "Gone"), Map.entry(413, "RequestEntityTooLarge"),
            Map.entry(415, "UnsupportedMediaType"), Map.entry(422, "Invalid"), Map.entry(429, "TooManyRequests"),
            Map.entry(500, "InternalError"), Map.entry(503, "ServiceUnavailable"), Map.entry(504, "Timeout"));

    /** As bytes of this form. */
    byte[] in(StatusFormat format) {
        return switch (format) {
            case JSON -> members().entrySet().stream().map(member -> quoted(member.getKey()) + ":" + member.getValue())
                    .collect(Collectors.joining(",", "{", "}\n")).getBytes(StandardCharsets.UTF_8);
            case PRETTY_JSON -> members().entrySet().stream().map(member -> "  " + quoted(member.getKey()) + ": " + member.getValue())
                    .collect(Collectors.joining(",\n", "{\n", "\n}")).getBytes(StandardCharsets.UTF_8);
            case YAML -> new TreeMap<>(members()).entrySet().stream()
                    .map(member -> member.getKey() + ": " + inYaml(member.getKey(), member.getValue()) + "\n")
                    .collect(Collectors.joining())
                    .getBytes(StandardCharsets.UTF_8);
            case PROTOBUF -> protobuf();
        };
    }

    private Map<String, String> members() {
        Map<String, String> members = new LinkedHashMap<>();
        members.put("kind", quoted("Status"));
        members.put("apiVersion", quoted("v1"));
        members.put("metadata", "{}");
        members.put("status", quoted("Failure"));
        members.put("message", quoted(message));
        if (REASONS.containsKey(code)) {
            members.put("reason", quoted(REASONS.get(code)));
        }
        members.put("code", Integer.toString(code));
        return members;
    }

    private String inYaml(String name, String json) {
        if (name.equals("message")) {
            // text in double quotes reads alike in both
            return message.codePoints().allMatch(StatusObject::harmlessInYaml) ? folded(name) : json;
        }
        return json.startsWith("\"") ? json.substring(1, json.length() - 1) : json;
    }

    private static boolean harmlessInYaml(int point) {
        boolean ascii = point >= 0x20 && point < 0x7f;
        return ascii || (point >= 0xa0 && point < 0xd800 && point != 0x2028 && point != 0x2029);
    }

    /** The message in single quotes; lines end at the first blank behind column 80, as the reference writes them. */
    private String folded(String name) {
        StringBuilder yaml = new StringBuilder("'");
        int column = name.length() + 3;
        for (int i = 0; i < message.length(); i++) {
            char character = message.charAt(i);
            boolean alone = character == ' ' && i > 0 && message.charAt(i - 1) != ' ' && i + 1 < message.length()
                    && message.charAt(i + 1) != ' ';
            if (alone && column > YAML_WIDTH) {
                yaml.append("\n  ");
                column = 2;
            } else {
                yaml.append(character == '\'' ? "''" : String.valueOf(character));
                column += character == '\'' ? 2 : 1;
            }
        }
        return yaml.append('\'').toString();
    }

    private static String quoted(String text) {
        StringBuilder json = new StringBuilder(text.length() + 2).append('"');
        text.codePoints().forEach(point -> {
            switch (point) {
                case '"' -> json.append("\\\"");
                case '\\' -> json.append("\\\\");
                case '\n' -> json.append("\\n");
                case '\r' -> json.append("\\r");
                case '\t' -> json.append("\\t");
                default -> {
                    if (point < 0x20 || point == '<' || point == '>' || point == '&' || point == 0x2028 || point == 0x2029) {
                        json.append(String.format("\\u%04x", point));
                    } else {
                        json.appendCodePoint(point);
                    }
                }
            }
        });
        return json.append('"').toString();
    }

    private byte[] protobuf() {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            bytes.write(PROTOBUF_MAGIC);
            CodedOutputStream unknown = CodedOutputStream.newInstance(bytes);
            unknown.writeBytes(1, message(out -> {
                out.writeString(1, "v1");
                out.writeString(2, "Status");
            }));
            unknown.writeBytes(2, message(out -> {
                out.writeBytes(1, message(metadata -> {
                    metadata.writeString(1, "");
                    metadata.writeString(2, "");
                    metadata.writeString(3, "");
                }));
                out.writeString(2, "Failure");
                out.writeString(3, message);
                out.writeString(4, REASONS.getOrDefault(code, ""));
                out.writeInt32(6, code);
            }));
            unknown.writeString(3, "");
            unknown.writeString(4, "");
            unknown.flush();
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory", e);
        }
    }

    private interface Fields {
        void write(CodedOutputStream out) throws IOException;
    }

    private static ByteString message(Fields fields) throws IOException {
        ByteString.Output bytes = ByteString.newOutput();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        fields.write(out);
        out.flush();
        return bytes.toByteString();
    }
}
