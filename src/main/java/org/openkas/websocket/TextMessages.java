package org.openkas.websocket;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * The server's side of a WebSocket that carries text messages: reads a client's frames, and makes its own, never fragmented
 * (RFC 6455). Not thread-safe: one connection, one event loop.
 */
public final class TextMessages implements FrameReader.Events {
    private static final int FIN_TEXT = 0x81;
    private static final int FIN_CLOSE = 0x88;
    private static final int FIN_PING = 0x89;
    private static final int FIN_PONG = 0x8a;
    private static final int SMALL = 126;
    private static final int MEDIUM = 1 << 16;
    private static final CloseReason NO_TEXT = new CloseReason(1007, "a text message is not UTF-8");

    /** Takes what was read. After {@link #closed} or {@link #ended} nothing more comes. */
    public interface Events {
        /** A whole message. */
        void message(String text);

        /** A ping; its payload is to be sent back. */
        void ping(byte[] payload);

        /** The client's close frame; code 1005 means that it named none. */
        void closed(CloseReason reason);

        /** The client broke the rules and is to be closed with this reason. */
        void ended(CloseReason reason);
    }

    private final Events events;
    private final FrameReader reader;
    private final ByteArrayOutputStream message = new ByteArrayOutputStream();
    private boolean over;

    /** Reads messages of up to {@code mostBytes}. */
    public TextMessages(Events events, int mostBytes) {
        this.events = events;
        reader = FrameReader.ofText(this, mostBytes);
    }

    /** Reads all of {@code in}, which is changed in place and not released. */
    public void read(ByteBuf in) {
        reader.read(in);
    }

    @Override
    public void data(ByteBuf bytes) {
        try {
            if (!over) {
                message.writeBytes(ByteBufUtil.getBytes(bytes));
            }
        } finally {
            bytes.release();
        }
    }

    @Override
    public void messageEnded() {
        if (over) {
            return;
        }
        String text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(message.toByteArray())).toString();
        } catch (CharacterCodingException e) {
            ended(NO_TEXT);
            return;
        }
        message.reset();
        events.message(text);
    }

    @Override
    public void ping(byte[] payload) {
        if (!over) {
            events.ping(payload);
        }
    }

    @Override
    public void closed(CloseReason reason) {
        if (!over) {
            over = true;
            events.closed(reason);
        }
    }

    @Override
    public void ended(CloseReason reason) {
        if (!over) {
            over = true;
            events.ended(reason);
        }
    }

    @Override
    public void unmasked() {
        ended(CloseReason.violation("received an unmasked frame"));
    }

    /** A text message; {@code text} is UTF-8 and belongs to the frame from now on. */
    public static ByteBuf text(byte[] text) {
        return frame(FIN_TEXT, text);
    }

    /** A ping without payload. */
    public static ByteBuf ping() {
        return frame(FIN_PING, new byte[0]);
    }

    /** The answer to a ping. */
    public static ByteBuf pong(byte[] payload) {
        return frame(FIN_PONG, payload);
    }

    /** The frame after which nothing may follow. */
    public static ByteBuf close(CloseReason reason) {
        return frame(FIN_CLOSE, reason.payload());
    }

    private static ByteBuf frame(int first, byte[] payload) {
        ByteBuf header = Unpooled.buffer(10).writeByte(first);
        if (payload.length < SMALL) {
            header.writeByte(payload.length);
        } else if (payload.length < MEDIUM) {
            header.writeByte(SMALL).writeShort(payload.length);
        } else {
            header.writeByte(SMALL + 1).writeLong(payload.length);
        }
        return Unpooled.wrappedBuffer(header, Unpooled.wrappedBuffer(payload));
    }
}
