package org.openkas.message;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.protobuf.Message;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Reads messages from JSON by the rules of chapter 01 §5.2.2 and chapter 02 §2.10: only the names that the {@code .proto}
 * files give, strict types, no member twice, {@code null} means absent. Error texts have the shape that users of the Go KAS
 * know, such as {@code proto: (line 1:2): unknown field "xyz"}; columns count as if the tree were written in one line without
 * blanks. Of the well-known types only durations are known. Thread-safe.
 */
public final class ProtoJson {
    private static final ObjectReader TREES = JsonMapper
            .builder(JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS, DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES).build().reader();

    private ProtoJson() {
    }

    /**
     * A message, and what of the tree it has no field for.
     *
     * @param unknown sorted paths such as {@code ci_access.projects[0].resource_management}
     */
    public record Lenient<M extends Message>(M message, List<String> unknown) {
    }

    /**
     * Reads a message and passes over members that it has no field for.
     *
     * @param prototype any message of the wanted type
     */
    public static <M extends Message> M ignoringUnknown(JsonNode tree, M prototype) throws ProtoJsonException {
        return new TreeReader(tree, TreeReader.Unknown.IGNORED).read(prototype);
    }

    /**
     * Reads a message and tells which members it has no field for.
     *
     * @param prototype any message of the wanted type
     */
    public static <M extends Message> Lenient<M> collectingUnknown(JsonNode tree, M prototype) throws ProtoJsonException {
        TreeReader reader = new TreeReader(tree, TreeReader.Unknown.COLLECTED);
        M message = reader.read(prototype);
        return new Lenient<>(message, reader.unknown());
    }

    /**
     * Reads a message and refuses members that it has no field for.
     *
     * @param prototype any message of the wanted type
     */
    public static <M extends Message> M refusingUnknown(JsonNode tree, M prototype) throws ProtoJsonException {
        return new TreeReader(tree, TreeReader.Unknown.REFUSED).read(prototype);
    }

    /** The one JSON value that {@code json} holds: UTF-8, no member twice, nothing behind it. */
    public static JsonNode parse(byte[] json) throws ProtoJsonException {
        String text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(json)).toString();
        } catch (CharacterCodingException e) {
            throw new ProtoJsonException("proto: syntax error: invalid UTF-8");
        }
        try {
            JsonNode tree = TREES.readTree(text);
            if (tree.isMissingNode()) {
                throw new ProtoJsonException("proto: syntax error (line 1:1): unexpected token ");
            }
            return tree;
        } catch (JsonProcessingException e) {
            throw new ProtoJsonException(text(e));
        }
    }

    private static String text(JsonProcessingException e) {
        String where = e.getLocation() == null ? "" : "(line " + e.getLocation().getLineNr() + ":" + e.getLocation().getColumnNr() + "): ";
        String what = e.getOriginalMessage().lines().findFirst().orElse("unreadable").strip();
        return what.startsWith("Duplicate field ")
                ? "proto: " + where + "duplicate field \"" + what.substring(17, what.length() - 1) + "\""
                : "proto: syntax error " + where + what;
    }
}
