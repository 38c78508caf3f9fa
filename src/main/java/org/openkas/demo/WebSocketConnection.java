package org.openkas.demo;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Optional;

/** The server's end of a WebSocket over blocking streams (RFC 6455): one thread reads, any thread sends. */
final class WebSocketConnection {
    private static final String MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final int LARGEST_FRAME = 1024 * 1024;

    private final DataInputStream in;
    private final OutputStream out;
    private boolean closed;

    /** A part of a message: whether it begins one, and its bytes. */
    static final class Part {
        private final boolean first;
        private final byte[] bytes;

        private Part(boolean first, byte[] bytes) {
            this.first = first;
            this.bytes = bytes;
        }

        boolean first() {
            return first;
        }

        byte[] bytes() {
            return bytes;
        }
    }

    WebSocketConnection(InputStream in, OutputStream out) {
        this.in = new DataInputStream(in);
        this.out = out;
    }

    /** What answers the key of a client. */
    static String accept(String key) {
        try {
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-1").digest((key + MAGIC).getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The next part of a message; empty when the client closes. Pings are answered on the way. */
    Optional<Part> next() throws IOException {
        while (true) {
            int first = in.read();
            if (first < 0) {
                return Optional.empty();
            }
            byte[] bytes = payload();
            switch (first & 0x0F) {
                case 0 -> {
                    return Optional.of(new Part(false, bytes));
                }
                case 1, 2 -> {
                    return Optional.of(new Part(true, bytes));
                }
                case 8 -> {
                    close(1000);
                    return Optional.empty();
                }
                case 9 -> frame(10, bytes, 0, bytes.length);
                default -> {
                    // an answer to no ping of ours
                }
            }
        }
    }

    private byte[] payload() throws IOException {
        int second = in.readUnsignedByte();
        long length = second & 0x7F;
        if (length == 126) {
            length = in.readUnsignedShort();
        } else if (length == 127) {
            length = in.readLong();
        }
        if (length < 0 || length > LARGEST_FRAME || (second & 0x80) == 0) {
            throw new EOFException("a frame that is too long, or not masked");
        }
        byte[] mask = in.readNBytes(4);
        byte[] bytes = in.readNBytes((int) length);
        if (bytes.length < length) {
            throw new EOFException("the client closed within a frame");
        }
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] ^= mask[i % 4];
        }
        return bytes;
    }

    /** Sends a binary message. */
    void send(byte[] bytes, int from, int length) throws IOException {
        frame(2, bytes, from, length);
    }

    /** Says that nothing more follows. */
    synchronized void close(int code) throws IOException {
        if (!closed) {
            frame(8, new byte[]{(byte) (code >> 8), (byte) code}, 0, 2);
            closed = true;
        }
    }

    private synchronized void frame(int opcode, byte[] bytes, int from, int length) throws IOException {
        if (closed) {
            throw new IOException("the WebSocket is closed");
        }
        out.write(0x80 | opcode);
        if (length < 126) {
            out.write(length);
        } else if (length < 65536) {
            out.write(126);
            out.write(length >> 8);
            out.write(length);
        } else {
            out.write(127);
            for (int shift = 56; shift >= 0; shift -= 8) {
                out.write((int) ((long) length >> shift));
            }
        }
        out.write(bytes, from, length);
        out.flush();
    }

    /** The bytes of all messages, one after another. */
    InputStream bytes() {
        return new InputStream() {
            private byte[] held = {};
            private int at;

            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
            }

            @Override
            public int read(byte[] bytes, int from, int length) throws IOException {
                while (at == held.length) {
                    Optional<Part> part = next();
                    if (part.isEmpty()) {
                        return -1;
                    }
                    held = part.get().bytes();
                    at = 0;
                }
                int count = Math.min(length, held.length - at);
                System.arraycopy(held, at, bytes, from, count);
                at += count;
                return count;
            }
        };
    }

    /** Sends what is written, a message per write; {@code prefix} stands before each if it is not negative. */
    OutputStream writer(int prefix) {
        return new OutputStream() {
            @Override
            public void write(int octet) throws IOException {
                write(new byte[]{(byte) octet}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int from, int length) throws IOException {
                if (prefix < 0) {
                    send(bytes, from, length);
                    return;
                }
                for (int at = 0; at < length; at += 32 * 1024) {
                    int count = Math.min(32 * 1024, length - at);
                    byte[] message = new byte[count + 1];
                    message[0] = (byte) prefix;
                    System.arraycopy(bytes, from + at, message, 1, count);
                    send(message, 0, message.length);
                }
            }
        };
    }
}
