package org.openkas.testkit;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;

/**
 * A client on a blocking socket that sends and reads exactly what a test says: HTTP requests, WebSocket frames, HTTP/2
 * frames with or without a WebSocket around them. Reads give up after a time-out.
 */
public final class RawPeer implements AutoCloseable {
    public static final int TIMEOUT_MILLIS = 10_000;

    private final Socket socket;
    private final DataInputStream in;
    private final boolean websocket;
    private final DefaultHttp2HeadersDecoder headersDecoder = new DefaultHttp2HeadersDecoder(false);
    private final ByteArrayOutputStream collected = new ByteArrayOutputStream();
    private final Queue<WebSocketMessage> controls = new ArrayDeque<>();
    private byte[] http2 = {};

    private RawPeer(Socket socket, boolean websocket) throws IOException {
        this.socket = socket;
        this.websocket = websocket;
        in = new DataInputStream(socket.getInputStream());
    }

    public static RawPeer plain(int port) throws IOException {
        return new RawPeer(connect(port, 0), false);
    }

    /** Connected, but with nothing said yet; frames will be WebSocket's. */
    public static RawPeer http(int port) throws IOException {
        return new RawPeer(connect(port, 0), true);
    }

    public static RawPeer over(Socket socket, boolean websocket) throws IOException {
        socket.setSoTimeout(TIMEOUT_MILLIS);
        return new RawPeer(socket, websocket);
    }

    /** An open WebSocket. */
    public static RawPeer websocket(int port) throws IOException {
        return upgraded(http(port));
    }

    /** An open connection that reads little: its receive buffer is small. */
    public static RawPeer slow(int port, boolean websocket) throws IOException {
        RawPeer peer = new RawPeer(connect(port, 16384), websocket);
        return websocket ? upgraded(peer) : peer;
    }

    private static RawPeer upgraded(RawPeer peer) throws IOException {
        peer.send(upgradeRequest("/").getBytes(StandardCharsets.ISO_8859_1));
        String head = peer.readHead();
        if (!head.startsWith("HTTP/1.1 101 ")) {
            throw new IOException("no upgrade: " + head);
        }
        return peer;
    }

    private static Socket connect(int port, int receiveBuffer) throws IOException {
        Socket socket = new Socket();
        if (receiveBuffer > 0) {
            socket.setReceiveBufferSize(receiveBuffer);
        }
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.connect(new InetSocketAddress("127.0.0.1", port), TIMEOUT_MILLIS);
        return socket;
    }

    /** What a stock agent sends, with further header lines. */
    public static String upgradeRequest(String path, String... lines) {
        StringBuilder request = new StringBuilder("GET " + path + " HTTP/1.1\r\nHost: kas.test\r\nUser-Agent: gitlab-agent/v16.5.0/abc\r\n"
                + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ws-tunnel\r\nAccept-Encoding: gzip\r\n");
        for (String line : lines) {
            request.append(line).append("\r\n");
        }
        return request.append("\r\n").toString();
    }

    public void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    public void send(String text) throws IOException {
        send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** HTTP/2 bytes, as one binary message where there is a WebSocket. */
    public void sendHttp2(byte[]... parts) throws IOException {
        byte[] bytes = Http2Frame.join(parts);
        send(websocket ? new WebSocketMessage(WebSocketMessage.BINARY, bytes).masked() : bytes);
    }

    public void send(Http2Frame... frames) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (Http2Frame frame : frames) {
            out.writeBytes(frame.bytes());
        }
        sendHttp2(out.toByteArray());
    }

    public void send(WebSocketMessage message) throws IOException {
        send(message.masked());
    }

    /** An HTTP response's status line and headers. */
    public String readHead() throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            head.write(in.readUnsignedByte());
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }

    public String readText(int bytes) throws IOException {
        return new String(in.readNBytes(bytes), StandardCharsets.UTF_8);
    }

    /** The next WebSocket frame of any kind. */
    public WebSocketMessage readMessage() throws IOException {
        int first = in.readUnsignedByte();
        long length = in.readUnsignedByte();
        if (length == 126) {
            length = in.readUnsignedShort();
        } else if (length == 127) {
            length = in.readLong();
        }
        byte[] payload = new byte[(int) length];
        in.readFully(payload);
        return new WebSocketMessage(first, payload);
    }

    /** The next WebSocket frame that is not binary, skipping those that are. */
    public WebSocketMessage readControl() throws IOException {
        if (!controls.isEmpty()) {
            return controls.remove();
        }
        while (true) {
            WebSocketMessage message = readMessage();
            if (message.first() != WebSocketMessage.BINARY) {
                return message;
            }
        }
    }

    /** Control frames that came while HTTP/2 frames were read. */
    public Queue<WebSocketMessage> controls() {
        return controls;
    }

    /** The next HTTP/2 frame. WebSocket control frames on the way are kept for {@link #readControl}. */
    public Http2Frame readFrame() throws IOException {
        byte[] head = http2(9);
        int length = (head[0] & 0xff) << 16 | (head[1] & 0xff) << 8 | head[2] & 0xff;
        int stream = (head[5] & 0x7f) << 24 | (head[6] & 0xff) << 16 | (head[7] & 0xff) << 8 | head[8] & 0xff;
        return new Http2Frame(head[3], head[4], stream, http2(length));
    }

    /** The next frame of this type, skipping others. */
    public Http2Frame readFrame(int type) throws IOException {
        while (true) {
            Http2Frame frame = readFrame();
            if (frame.type() == type) {
                return frame;
            }
        }
    }

    /** What the server says to a peer on its way out; a close frame with 1000 has to be the end. */
    public List<String> ending() {
        List<String> seen = new ArrayList<>();
        assertThatThrownBy(() -> {
            while (true) {
                Http2Frame frame = readFrame();
                if (frame.type() == Http2Frame.HEADERS && frame.stream() == 1 && frame.has(Http2Frame.END_STREAM)) {
                    seen.add("grpc-status " + frame.headers(headersDecoder).get("grpc-status"));
                } else if (frame.type() == Http2Frame.GOAWAY) {
                    seen.add(frame.debug() + " " + frame.error());
                } else if (frame.type() == Http2Frame.PING && !frame.has(Http2Frame.ACK)) {
                    send(Http2Frame.pingAck(frame.payload()));
                }
            }
        }).isInstanceOf(EOFException.class).hasMessageStartingWith("WebSocket closed with 1000");
        return seen;
    }

    /** {@code grpc-status} and {@code grpc-message} of the next trailers, DATA frames skipped. */
    public String readStatus() throws Exception {
        while (true) {
            Http2Frame frame = readFrame(Http2Frame.HEADERS);
            Http2Headers headers = frame.headers(headersDecoder);
            if (headers.contains("grpc-status")) {
                return headers.get("grpc-status") + " " + Optional.ofNullable(headers.get("grpc-message")).orElse("");
            }
        }
    }

    private byte[] http2(int count) throws IOException {
        if (!websocket) {
            byte[] bytes = new byte[count];
            in.readFully(bytes);
            return bytes;
        }
        while (http2.length < count) {
            WebSocketMessage message = readMessage();
            if (message.first() == WebSocketMessage.BINARY) {
                http2 = Http2Frame.join(http2, message.payload());
            } else {
                controls.add(message);
                if (message.first() == WebSocketMessage.CLOSE) {
                    throw new EOFException("WebSocket closed with " + message.closeCode() + " " + message.closeReason());
                }
            }
        }
        collected.reset();
        collected.write(http2, 0, count);
        byte[] rest = new byte[http2.length - count];
        System.arraycopy(http2, count, rest, 0, rest.length);
        http2 = rest;
        return collected.toByteArray();
    }

    /** Waits until the server closes the connection, and drops what comes before that; false if it does not in time. */
    public boolean awaitClose(int millis) throws IOException {
        socket.setSoTimeout(millis);
        long deadline = System.nanoTime() + millis * 1_000_000L;
        try {
            InputStream raw = socket.getInputStream();
            byte[] buffer = new byte[65536];
            while (System.nanoTime() < deadline) {
                if (raw.read(buffer) < 0) {
                    return true;
                }
            }
            return false;
        } catch (java.net.SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true; // reset
        }
    }

    /** How long reads wait from now on. */
    public void patience(int millis) throws IOException {
        socket.setSoTimeout(millis);
    }

    /** Says that nothing more will be sent. */
    public void halfClose() throws IOException {
        socket.shutdownOutput();
    }

    /** Closes with a TCP reset. */
    public void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
