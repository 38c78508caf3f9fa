package org.openkas.watch;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;

/** What the server says, as UTF-8 JSON (chapter 07 §8.3). Without state. */
final class ServerMessages {
    private static final JsonStringEncoder ENCODER = JsonStringEncoder.getInstance();

    private ServerMessages() {
    }

    /** Something happened to {@code object}, which is JSON. */
    static byte[] event(String id, String type, ByteString object) {
        return joined("{\"type\":\"event\",\"watchId\":" + quoted(id) + ",\"watchEvent\":{\"type\":" + quoted(type) + ",\"object\":",
                object,
                "}}");
    }

    /** An object of which only this is known is gone. */
    static byte[] deleted(String id, String uid) {
        return event(id, "DELETED", ByteString.copyFromUtf8("{\"metadata\":{\"uid\":" + quoted(uid) + "}}"));
    }

    /** The watch failed. */
    static byte[] error(String id, String message) {
        return ("{\"type\":\"error\",\"watchId\":" + quoted(id) + ",\"error\":{\"message\":" + quoted(message) + "}}")
                .getBytes(StandardCharsets.UTF_8);
    }

    /** The watch failed; {@code status} is what Kubernetes said about it, as JSON. */
    static byte[] error(String id, String message, ByteString status) {
        return joined("{\"type\":\"error\",\"watchId\":" + quoted(id) + ",\"error\":{\"message\":" + quoted(message) + ",\"object\":",
                status,
                "}}");
    }

    /** The watch has ended as the client wished. */
    static byte[] stop(String id) {
        return ("{\"type\":\"stop\",\"watchId\":" + quoted(id) + "}").getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] joined(String before, ByteString middle, String after) {
        byte[] begin = before.getBytes(StandardCharsets.UTF_8);
        byte[] end = after.getBytes(StandardCharsets.UTF_8);
        byte[] whole = new byte[begin.length + middle.size() + end.length];
        System.arraycopy(begin, 0, whole, 0, begin.length);
        middle.copyTo(whole, begin.length);
        System.arraycopy(end, 0, whole, begin.length + middle.size(), end.length);
        return whole;
    }

    private static String quoted(String text) {
        return '"' + new String(ENCODER.quoteAsString(text)) + '"';
    }
}
