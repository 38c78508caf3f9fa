package org.openkas.websocket;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads a client's WebSocket frames from a byte stream and hands the payload of messages of one kind on as it comes, without
 * collecting messages. Not thread-safe: one connection, one event loop.
 */
final class FrameReader {
    private static final int CONTINUATION = 0;
    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;
    private static final int MAX_CONTROL = 125;
    private static final int MAX_HEADER = 14;

    /** Takes what was read. After {@link #ended} or {@link #unmasked} nothing more comes. */
    interface Events {
        /** Bytes of a message; the receiver owns the buffer. */
        void data(ByteBuf bytes);

        /** The message whose bytes came is complete. */
        default void messageEnded() {
        }

        /** A ping. */
        void ping(byte[] payload);

        /** The peer's close frame; code 1005 means that it named none. */
        void closed(CloseReason reason);

        /** The peer broke the rules and is to be closed with this reason. */
        void ended(CloseReason reason);

        /** The peer sent an unmasked frame and is to be dropped without a word. */
        void unmasked();
    }

    /**
     * What a peer may send.
     *
     * @param opcode of its messages
     * @param mostBytes of one message
     * @param otherKind what it is closed with after a message of the other kind
     * @param tooBig what it is closed with after a larger message
     */
    private record Accepted(int opcode, long mostBytes, CloseReason otherKind, CloseReason tooBig) {
    }

    private final Events events;
    private final Accepted accepted;
    private final byte[] header = new byte[MAX_HEADER];
    private int headerHave;
    private boolean over;

    // the current frame
    private boolean inPayload;
    private boolean last;
    private int opcode;
    private long left;
    private int mask;
    private int maskOffset;
    private byte[] control = {};
    private int controlHave;

    // the current message
    private boolean inMessage;
    private long messageBytes;

    private FrameReader(Events events, Accepted accepted) {
        this.events = events;
        this.accepted = accepted;
    }

    /** Of binary messages, as agents send them. */
    static FrameReader ofBinary(Events events) {
        return new FrameReader(events,
                new Accepted(BINARY, CloseReason.MAX_MESSAGE_BYTES, CloseReason.TEXT_MESSAGE, CloseReason.TOO_BIG));
    }

    /** Of text messages of up to so many bytes. */
    static FrameReader ofText(Events events, int mostBytes) {
        return new FrameReader(events, new Accepted(TEXT, mostBytes, CloseReason.BINARY_MESSAGE, CloseReason.largerThan(mostBytes)));
    }

    /** Reads all of {@code in}, which is changed in place and not released. */
    void read(ByteBuf in) {
        while (!over && in.isReadable()) {
            if (inPayload) {
                payload(in);
            } else {
                header[headerHave++] = in.readByte();
                if (headerHave == 2) {
                    begin();
                }
                if (!over && headerHave >= 2 && headerHave == headerNeeds()) {
                    beginPayload();
                }
            }
        }
    }

    private int headerNeeds() {
        int length = header[1] & 0x7f;
        return 6 + (length == 126 ? 2 : length == 127 ? 8 : 0);
    }

    private void begin() {
        last = (header[0] & 0x80) != 0;
        opcode = header[0] & 0x0f;
        int length = header[1] & 0x7f;
        if ((header[0] & 0x70) != 0) {
            end(CloseReason.violation("received header with unexpected rsv bits set"));
        } else if (opcode > PONG || (opcode > BINARY && opcode < CLOSE)) {
            end(CloseReason.violation("received unknown opcode " + opcode));
        } else if ((header[1] & 0x80) == 0) {
            over = true;
            events.unmasked();
        } else if (opcode >= CLOSE) {
            if (length > MAX_CONTROL) {
                end(CloseReason.violation("received control frame payload with invalid length: more than " + MAX_CONTROL));
            } else if (!last) {
                end(CloseReason.violation("received fragmented control frame"));
            }
        } else if (opcode == CONTINUATION && !inMessage) {
            end(CloseReason.violation("received continuation frame without a message to continue"));
        } else if (opcode != CONTINUATION && inMessage) {
            end(CloseReason.violation("received new data message without finishing the previous message"));
        } else if (opcode != CONTINUATION && opcode != accepted.opcode()) {
            end(accepted.otherKind());
        }
    }

    private void beginPayload() {
        int length = header[1] & 0x7f;
        left = length;
        int at = 2;
        if (length >= 126) {
            at = length == 126 ? 4 : 10;
            left = 0;
            for (int i = 2; i < at; i++) {
                left = (left << 8) | (header[i] & 0xff);
            }
        }
        mask = ByteBuffer.wrap(header, at, Integer.BYTES).getInt();
        maskOffset = 0;
        headerHave = 0;
        if (left < 0) {
            end(CloseReason.violation("received negative payload length"));
            return;
        }
        if (opcode >= CLOSE) {
            control = new byte[(int) left];
            controlHave = 0;
        } else {
            messageBytes = (opcode == CONTINUATION ? messageBytes : 0) + left;
            inMessage = !last;
            if (messageBytes > accepted.mostBytes()) {
                end(accepted.tooBig());
                return;
            }
        }
        inPayload = true;
        if (left == 0) {
            endFrame();
        }
    }

    private void payload(ByteBuf in) {
        int now = (int) Math.min(left, in.readableBytes());
        unmask(in, in.readerIndex(), now);
        left -= now;
        if (opcode >= CLOSE) {
            in.readBytes(control, controlHave, now);
            controlHave += now;
        } else {
            events.data(in.readRetainedSlice(now));
        }
        if (left == 0) {
            endFrame();
        }
    }

    private void endFrame() {
        inPayload = false;
        switch (opcode) {
            case PING -> events.ping(control);
            case CLOSE -> close();
            case PONG -> {
                // means nothing
            }
            default -> {
                if (last) {
                    events.messageEnded();
                }
            }
        }
    }

    private void close() {
        if (control.length == 0) {
            over = true;
            events.closed(new CloseReason(1005, ""));
            return;
        }
        int code = control.length == 1 ? 0 : ((control[0] & 0xff) << 8) | (control[1] & 0xff);
        if (!CloseReason.sendable(code)) {
            end(CloseReason.violation("received invalid close payload"));
            return;
        }
        over = true;
        events.closed(new CloseReason(code, new String(Arrays.copyOfRange(control, 2, control.length), StandardCharsets.UTF_8)));
    }

    private void end(CloseReason reason) {
        over = true;
        events.ended(reason);
    }

    private void unmask(ByteBuf in, int start, int count) {
        int key = Integer.rotateLeft(mask, 8 * maskOffset);
        maskOffset = (maskOffset + count) & 3;
        if (in.nioBufferCount() == 1) {
            unmask(in.internalNioBuffer(start, count), key);
        } else {
            for (int i = 0; i < count; i++) {
                in.setByte(start + i, in.getByte(start + i) ^ (key >>> (24 - 8 * (i & 3))));
            }
        }
    }

    /** Eight bytes at a time, past the checks of Netty's buffers: this loop sees every byte that agents send. */
    private static void unmask(ByteBuffer bytes, int key) {
        long wide = ((long) key << 32) | (key & 0xffffffffL);
        int at = bytes.position();
        int end = bytes.limit();
        for (; end - at >= Long.BYTES; at += Long.BYTES) {
            bytes.putLong(at, bytes.getLong(at) ^ wide);
        }
        for (int i = 0; at < end; at++, i++) {
            bytes.put(at, (byte) (bytes.get(at) ^ (key >>> (24 - 8 * (i & 3)))));
        }
    }
}
