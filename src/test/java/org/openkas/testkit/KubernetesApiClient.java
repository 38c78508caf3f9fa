package org.openkas.testkit;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One connection to the listener for Kubernetes API requests, by hand, so that it costs a load little: one request at a time to
 * agent 1, as a CI job. It throws {@link IOException} when an answer is not 200. For one thread; any may close it.
 */
public final class KubernetesApiClient implements AutoCloseable {
    private static final String CREDENTIAL = "Authorization: Bearer ci:1:job-token\r\n";
    private static final byte[] GET_SMALL = get("/small");
    private static final byte[] GET_WITHOUT_CREDENTIAL = "GET /small HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final Socket socket = new Socket();
    private final InputStream in;
    private final OutputStream out;

    /** Connects; {@code receiveBuffer} in bytes, 0 for the system's. */
    public KubernetesApiClient(int port, int receiveBuffer) throws IOException {
        if (receiveBuffer > 0) {
            socket.setReceiveBufferSize(receiveBuffer);
        }
        socket.setTcpNoDelay(true);
        socket.connect(new InetSocketAddress("127.0.0.1", port));
        in = new BufferedInputStream(socket.getInputStream(), 64 << 10);
        out = socket.getOutputStream();
    }

    private static byte[] get(String path) {
        return ("GET " + path + " HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nUser-Agent: load\r\n" + CREDENTIAL + "\r\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** Asks for 1 KiB and takes it. */
    public void small() throws IOException {
        out.write(GET_SMALL);
        in.skipNBytes(head());
    }

    /** Begins an answer without end; its head is taken. */
    public void begin(String path) throws IOException {
        out.write(get(path));
        long _ = head();
    }

    /** As {@link #begin}, but takes nothing. */
    public void ask(String path) throws IOException {
        out.write(get(path));
    }

    /** Takes what there is. */
    public int read(byte[] into) throws IOException {
        int read = in.read(into);
        if (read < 0) {
            throw new EOFException("the answer ended");
        }
        return read;
    }

    /** Asks without saying who asks; takes the answer and returns its status line. */
    public String refused() throws IOException {
        out.write(GET_WITHOUT_CREDENTIAL);
        String status = line();
        in.skipNBytes(length());
        return status;
    }

    /** Whether this end closed it. */
    public boolean closed() {
        return socket.isClosed();
    }

    /** Sends a body of that size, counted as it goes, and takes the answer. */
    public void send(long size, byte[] part, AtomicLong bytes) throws IOException {
        String head = "POST /sink HTTP/1.1\r\nHost: x\r\nContent-Length: " + size + "\r\n" + CREDENTIAL + "\r\n";
        out.write(head.getBytes(StandardCharsets.US_ASCII));
        for (long left = size; left > 0; left -= part.length) {
            int next = (int) Math.min(left, part.length);
            out.write(part, 0, next);
            bytes.addAndGet(next);
        }
        in.skipNBytes(head());
    }

    /** Takes status and headers; returns the length of the body, 0 if it is not said. */
    private long head() throws IOException {
        String status = line();
        if (!status.startsWith("HTTP/1.1 200")) {
            throw new IOException("answered " + status);
        }
        return length();
    }

    private long length() throws IOException {
        long length = 0;
        for (String line = line(); !line.isEmpty(); line = line()) {
            if (line.regionMatches(true, 0, "Content-Length:", 0, 15)) {
                length = Long.parseLong(line.substring(15).strip());
            }
        }
        return length;
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder(64);
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("the connection ended");
            }
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
