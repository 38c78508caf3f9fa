package org.openkas.watch;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.io.IOException;

/**
 * One object of the body of a watch, as far as the server looks at it. Immutable.
 *
 * @param type such as {@code ADDED}
 * @param object as the cluster wrote it, JSON
 * @param uid of the object; empty if it has none
 * @param resourceVersion of the object; empty if it has none
 * @param message of a Status object; empty for others
 */
record WatchEvent(String type, ByteString object, String uid, String resourceVersion, String message) {
    private static final JsonFactory JSON = new JsonFactory();

    /**
     * Reads one.
     *
     * @throws IOException if it is none
     */
    static WatchEvent parse(byte[] json) throws IOException {
        try (JsonParser parser = JSON.createParser(json)) {
            demand(parser.nextToken() == JsonToken.START_OBJECT);
            String type = "";
            ByteString object = ByteString.EMPTY;
            Described described = new Described();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                if (name.equals("type") && value == JsonToken.VALUE_STRING) {
                    type = parser.getText();
                } else if (name.equals("object") && value == JsonToken.START_OBJECT) {
                    int from = (int) parser.currentTokenLocation().getByteOffset();
                    described = described(parser);
                    object = UnsafeByteOperations.unsafeWrap(json, from, (int) parser.currentLocation().getByteOffset() - from);
                } else {
                    parser.skipChildren();
                }
            }
            demand(!type.isEmpty() && !object.isEmpty());
            return new WatchEvent(type, object, described.uid, described.resourceVersion, described.message);
        }
    }

    private static final class Described {
        private String uid = "";
        private String resourceVersion = "";
        private String message = "";
    }

    private static Described described(JsonParser parser) throws IOException {
        Described described = new Described();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            if (name.equals("metadata") && value == JsonToken.START_OBJECT) {
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    String member = parser.currentName();
                    JsonToken text = parser.nextToken();
                    if (text == JsonToken.VALUE_STRING && member.equals("uid")) {
                        described.uid = parser.getText();
                    } else if (text == JsonToken.VALUE_STRING && member.equals("resourceVersion")) {
                        described.resourceVersion = parser.getText();
                    } else {
                        parser.skipChildren();
                    }
                }
            } else if (name.equals("message") && value == JsonToken.VALUE_STRING) {
                described.message = parser.getText();
            } else {
                parser.skipChildren();
            }
        }
        return described;
    }

    private static void demand(boolean condition) throws IOException {
        if (!condition) {
            throw new IOException("no event of a watch");
        }
    }
}
