package org.openkas.testkit;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** One HTTP/2 frame in plain sight, for tests that speak the protocol byte by byte. */
public record Http2Frame(int type, int flags, int stream, byte[] payload) {
    public static final int DATA = 0;
    public static final int HEADERS = 1;
    public static final int PRIORITY = 2;
    public static final int RST_STREAM = 3;
    public static final int SETTINGS = 4;
    public static final int PING = 6;
    public static final int GOAWAY = 7;
    public static final int WINDOW_UPDATE = 8;
    public static final int CONTINUATION = 9;
    public static final int END_STREAM = 1;
    public static final int ACK = 1;
    public static final int END_HEADERS = 4;
    public static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    public byte[] bytes() {
        ByteBuffer out = ByteBuffer.allocate(9 + payload.length);
        out.put((byte) (payload.length >> 16)).putShort((short) payload.length).put((byte) type).put((byte) flags).putInt(stream)
                .put(payload);
        return out.array();
    }

    /** Preface and SETTINGS with pairs of identifier and value. */
    public static byte[] opening(int... settings) {
        return join(PREFACE, settings(settings).bytes());
    }

    public static Http2Frame settings(int... settings) {
        ByteBuffer payload = ByteBuffer.allocate(settings.length / 2 * 6);
        for (int i = 0; i < settings.length; i += 2) {
            payload.putShort((short) settings[i]).putInt(settings[i + 1]);
        }
        return new Http2Frame(SETTINGS, 0, 0, payload.array());
    }

    public static Http2Frame settingsAck() {
        return new Http2Frame(SETTINGS, ACK, 0, new byte[0]);
    }

    public static Http2Frame ping(long data) {
        return new Http2Frame(PING, 0, 0, ByteBuffer.allocate(8).putLong(data).array());
    }

    public static Http2Frame pingAck(byte[] data) {
        return new Http2Frame(PING, ACK, 0, data);
    }

    public static Http2Frame windowUpdate(int stream, int increment) {
        return new Http2Frame(WINDOW_UPDATE, 0, stream, ByteBuffer.allocate(4).putInt(increment).array());
    }

    public static Http2Frame reset(int stream) {
        return new Http2Frame(RST_STREAM, 0, stream, ByteBuffer.allocate(4).putInt(8).array());
    }

    /** Request headers of a gRPC call, with further pairs of name and value. */
    public static Http2Frame call(int stream, String path, String authority, String... more) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        String[] fixed = {":method", "POST", ":scheme", "http", ":path", path, ":authority", authority, "content-type", "application/grpc",
                "te",
                "trailers"};
        for (String[] list : new String[][]{fixed, more}) {
            for (int i = 0; i < list.length; i += 2) {
                literal(block, list[i], list[i + 1]);
            }
        }
        return new Http2Frame(HEADERS, END_HEADERS, stream, block.toByteArray());
    }

    /** Request headers with exactly these pairs of name and value. */
    public static Http2Frame request(int stream, String... pairs) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        for (int i = 0; i < pairs.length; i += 2) {
            literal(block, pairs[i], pairs[i + 1]);
        }
        return new Http2Frame(HEADERS, END_HEADERS, stream, block.toByteArray());
    }

    /** One uncompressed message. */
    public static Http2Frame message(int stream, byte[] message, boolean last) {
        byte[] payload = ByteBuffer.allocate(5 + message.length).put((byte) 0).putInt(message.length).put(message).array();
        return new Http2Frame(DATA, last ? END_STREAM : 0, stream, payload);
    }

    public boolean has(int flag) {
        return (flags & flag) != 0;
    }

    /** Debug data of a GOAWAY. */
    public String debug() {
        return new String(payload, 8, payload.length - 8, StandardCharsets.UTF_8);
    }

    /** Error code of a GOAWAY or RST_STREAM. */
    public int error() {
        return ByteBuffer.wrap(payload).getInt(type == GOAWAY ? 4 : 0);
    }

    /** Decoded headers; the decoder is the connection's, since header compression has a memory. */
    public Http2Headers headers(DefaultHttp2HeadersDecoder decoder) throws Http2Exception {
        return decoder.decodeHeaders(stream, Unpooled.wrappedBuffer(payload));
    }

    public static byte[] join(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Arrays.stream(parts).forEach(out::writeBytes);
        return out.toByteArray();
    }

    private static void literal(ByteArrayOutputStream out, String name, String value) {
        out.write(0);
        text(out, name);
        text(out, value);
    }

    private static void text(ByteArrayOutputStream out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        if (bytes.length < 127) {
            out.write(bytes.length);
        } else {
            out.write(127);
            int rest = bytes.length - 127;
            for (; rest >= 128; rest >>= 7) {
                out.write(rest & 127 | 128);
            }
            out.write(rest);
        }
        out.writeBytes(bytes);
    }
}
