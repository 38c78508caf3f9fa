package org.openkas.testkit;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;

/** One WebSocket frame in plain sight. */
public record WebSocketMessage(int first, byte[] payload) {
    public static final int BINARY = 0x82;
    public static final int TEXT = 0x81;
    public static final int CLOSE = 0x88;
    public static final int PING = 0x89;
    public static final int PONG = 0x8a;

    /** As a client sends it, masked. */
    public byte[] masked() {
        byte[] mask = new byte[4];
        ThreadLocalRandom.current().nextBytes(mask);
        byte[] head = head(payload.length, true);
        byte[] out = Arrays.copyOf(head, head.length + 4 + payload.length);
        System.arraycopy(mask, 0, out, head.length, 4);
        for (int i = 0; i < payload.length; i++) {
            out[head.length + 4 + i] = (byte) (payload[i] ^ mask[i & 3]);
        }
        return out;
    }

    /** Without a mask, as a client must not send it. */
    public byte[] unmasked() {
        return Http2Frame.join(head(payload.length, false), payload);
    }

    /** The frame's header for a payload of another length than it has. */
    public byte[] head(long length, boolean masked) {
        int bit = masked ? 0x80 : 0;
        if (length < 126) {
            return new byte[]{(byte) first, (byte) (bit | length)};
        }
        if (length < 65536) {
            return ByteBuffer.allocate(4).put((byte) first).put((byte) (bit | 126)).putShort((short) length).array();
        }
        return ByteBuffer.allocate(10).put((byte) first).put((byte) (bit | 127)).putLong(length).array();
    }

    public static WebSocketMessage close(int code, String reason) {
        byte[] text = reason.getBytes(StandardCharsets.UTF_8);
        return new WebSocketMessage(CLOSE, ByteBuffer.allocate(2 + text.length).putShort((short) code).put(text).array());
    }

    public int closeCode() {
        return payload.length < 2 ? 1005 : ByteBuffer.wrap(payload).getShort() & 0xffff;
    }

    public String closeReason() {
        return payload.length < 2 ? "" : new String(payload, 2, payload.length - 2, StandardCharsets.UTF_8);
    }
}
