package org.openkas.websocket;

import java.nio.charset.StandardCharsets;
import org.openkas.common.GoText;

/**
 * Why a WebSocket is closed, as its close frame says (chapter 01 §2.5).
 *
 * @param code the status code
 * @param reason the text, at most {@value #MAX_REASON_BYTES} bytes
 */
public record CloseReason(int code, String reason) {
    private static final int MAX_REASON_BYTES = 123;
    /** Stands for a close frame that names none. */
    private static final int NO_CODE = 1005;

    /** The gRPC server closed the HTTP/2 connection. */
    public static final CloseReason NORMAL = new CloseReason(1000, "");
    /** The upgrade finished while the listener shuts down. */
    public static final CloseReason SHUTTING_DOWN = new CloseReason(1001, "Shutting down");
    /** A text message came. */
    public static final CloseReason TEXT_MESSAGE = new CloseReason(1003,
            "unexpected frame type read (expected MessageBinary): MessageText");
    /** A binary message came where texts are spoken. */
    public static final CloseReason BINARY_MESSAGE = new CloseReason(1003, "only text messages are understood");
    /** A message was larger than {@link #MAX_MESSAGE_BYTES}. */
    public static final CloseReason TOO_BIG = new CloseReason(1009, "read limited at 10485761 bytes");
    /** The largest message that is accepted, summed over its fragments. */
    public static final int MAX_MESSAGE_BYTES = 10 << 20;

    /** Cuts a reason that does not fit into a close frame. */
    public CloseReason {
        byte[] bytes = reason.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > MAX_REASON_BYTES) {
            String cut = new String(bytes, 0, MAX_REASON_BYTES, StandardCharsets.UTF_8);
            int end = cut.length();
            // a character cut in half reads as U+FFFD, which would be longer than what it replaces
            while (end > 0 && cut.charAt(end - 1) == '\uFFFD') {
                end--;
            }
            reason = cut.substring(0, end);
        }
    }

    /** The subprotocol is not exactly {@link UpgradeRules#SUBPROTOCOL}. */
    public static CloseReason wrongSubprotocol(String subprotocol) {
        return new CloseReason(1002, "Expecting \"" + UpgradeRules.SUBPROTOCOL + "\" subprotocol, got " + GoText.quoted(subprotocol));
    }

    /** The peer broke the protocol. */
    public static CloseReason violation(String what) {
        return new CloseReason(1002, what);
    }

    /** A message was larger than it may be. */
    static CloseReason largerThan(int mostBytes) {
        return new CloseReason(1009, "a message may have " + mostBytes + " bytes at most");
    }

    /** What the frame that closes with this reason carries; nothing if there is no code (1005). */
    byte[] payload() {
        if (code == NO_CODE) {
            return new byte[0];
        }
        byte[] text = reason.getBytes(StandardCharsets.UTF_8);
        byte[] payload = new byte[2 + text.length];
        payload[0] = (byte) (code >> 8);
        payload[1] = (byte) code;
        System.arraycopy(text, 0, payload, 2, text.length);
        return payload;
    }

    /** Whether a peer may send this code in a close frame (RFC 6455 §7.4). */
    public static boolean sendable(int code) {
        boolean standard = code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
        return standard || (code >= 3000 && code <= 4999);
    }
}
