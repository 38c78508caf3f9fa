package org.openkas.agentconfiguration;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.openkas.config.YamlException;
import org.openkas.config.YamlTree;
import org.openkas.message.MessageRules;
import org.openkas.message.ProtoJson;
import org.openkas.message.ProtoJsonException;
import org.openkas.proto.agentcfg.ConfigurationFile;

/**
 * Reads an agent's configuration file by chapter 01 §5.2.2, as chapter 07 §6.2 changes it: settings that we do not know are
 * kept for GitLab and left out for the agent. Thread-safe.
 */
public final class ConfigurationFileParser {
    private static final int BYTE_ORDER_MARK = '\uFEFF';

    private ConfigurationFileParser() {
    }

    /**
     * Reads the content of a file.
     *
     * @throws ConfigurationFileException with the text that the author of the file shall see
     */
    public static ParsedFile parse(ByteString content) throws ConfigurationFileException {
        JsonNode tree;
        try {
            tree = sorted(YamlTree.parse(text(content)));
        } catch (YamlException e) {
            throw new ConfigurationFileException("failed to parse agent configuration: YAMLToJSON: " + e.getMessage());
        }
        if (tree.isNull()) {
            return ParsedFile.EMPTY;
        }
        ProtoJson.Lenient<ConfigurationFile> file;
        try {
            file = ProtoJson.collectingUnknown(tree, ConfigurationFile.getDefaultInstance());
        } catch (ProtoJsonException e) {
            throw new ConfigurationFileException("failed to parse agent configuration: protojson.Unmarshal: " + e.getMessage());
        }
        Optional<String> violations = MessageRules.violations(file.message());
        if (violations.isPresent()) {
            throw new ConfigurationFileException("invalid agent configuration: " + violations.get());
        }
        return new ParsedFile(file.message(), tree, file.unknown());
    }

    /** UTF-8, or UTF-16 if a byte order mark says so. */
    private static String text(ByteString content) throws ConfigurationFileException {
        try {
            String text = charset(content).newDecoder().decode(content.asReadOnlyByteBuffer()).toString();
            return !text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw new ConfigurationFileException(
                    "failed to parse agent configuration: YAMLToJSON: yaml: the file is not UTF-8 text; save it as UTF-8");
        }
    }

    private static Charset charset(ByteString content) {
        int first = content.size() < 2 ? 0 : (content.byteAt(0) & 0xff) << 8 | (content.byteAt(1) & 0xff);
        return switch (first) {
            case 0xFEFF -> StandardCharsets.UTF_16BE;
            case 0xFFFE -> StandardCharsets.UTF_16LE;
            default -> StandardCharsets.UTF_8;
        };
    }

    /** Members in the order of their names, since positions in error texts count that way; JSON has no endless numbers. */
    private static JsonNode sorted(JsonNode node) throws ConfigurationFileException {
        if (node.isObject()) {
            ObjectNode object = JsonNodeFactory.instance.objectNode();
            Map<String, JsonNode> members = new TreeMap<>();
            node.properties().forEach(member -> members.put(member.getKey(), member.getValue()));
            for (Map.Entry<String, JsonNode> member : members.entrySet()) {
                object.set(member.getKey(), sorted(member.getValue()));
            }
            return object;
        }
        if (node.isArray()) {
            ArrayNode array = JsonNodeFactory.instance.arrayNode(node.size());
            for (JsonNode element : node) {
                array.add(sorted(element));
            }
            return array;
        }
        if (node.isDouble() && !Double.isFinite(node.doubleValue())) {
            throw new ConfigurationFileException(
                    "failed to parse agent configuration: YAMLToJSON: json: unsupported value: " + node.asText());
        }
        return node;
    }
}
