package org.openkas.demo;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/**
 * The body of an HTTP/1.1 message as a stream: chunked, of known length, or up to the end of the connection. Ends where
 * the body ends and never reads further. For one thread at a time.
 */
final class HttpBody extends InputStream {
    private static final long UNTIL_CLOSE = -1;
    private static final long CHUNKED = -2;

    private final InputStream in;
    private final long framing;
    /** Bytes left in the body or chunk. */
    private long left;
    private boolean anyChunk;
    private boolean over;

    private HttpBody(InputStream in, long framing) {
        this.in = in;
        this.framing = framing;
        left = Math.max(0, framing);
        over = framing == 0;
    }

    /** A body that is not there. */
    static HttpBody none(InputStream in) {
        return new HttpBody(in, 0);
    }

    /** What follows the head of a request. */
    static HttpBody ofRequest(HttpHead head, InputStream in) throws IOException {
        return of(head, in, 0);
    }

    /** What follows the head of a response that may have a body. */
    static HttpBody ofResponse(HttpHead head, InputStream in) throws IOException {
        return of(head, in, UNTIL_CLOSE);
    }

    private static HttpBody of(HttpHead head, InputStream in, long otherwise) throws IOException {
        if (head.lists("Transfer-Encoding", "chunked")) {
            return new HttpBody(in, CHUNKED);
        }
        List<String> lengths = head.values("Content-Length");
        if (lengths.isEmpty()) {
            return new HttpBody(in, otherwise);
        }
        try {
            long length = Long.parseLong(lengths.getFirst());
            if (length >= 0 && lengths.size() == 1) {
                return new HttpBody(in, length);
            }
        } catch (NumberFormatException e) {
            // told below
        }
        throw new IOException("Content-Length is not one number: " + lengths);
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
        if (framing == UNTIL_CLOSE) {
            return in.read(bytes, from, length);
        }
        if (framing == CHUNKED && left == 0 && !over) {
            nextChunk();
        }
        if (over) {
            return -1;
        }
        int count = in.read(bytes, from, (int) Math.min(length, left));
        if (count < 0) {
            throw new EOFException("the peer closed within the body");
        }
        left -= count;
        over = left == 0 && framing != CHUNKED;
        return count;
    }

    private void nextChunk() throws IOException {
        if (anyChunk) {
            line();
        }
        anyChunk = true;
        String size = line();
        try {
            left = Long.parseLong(size.split(";", 2)[0].strip(), 16);
        } catch (NumberFormatException e) {
            throw new IOException("not the size of a chunk: " + size, e);
        }
        if (left == 0) {
            over = true;
            for (String trailer = line(); !trailer.isEmpty(); trailer = line()) {
                // trailers say nothing to us
            }
        }
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int octet = in.read(); octet != '\n'; octet = in.read()) {
            if (octet < 0 || line.length() > 8192) {
                throw new EOFException("the peer closed within a chunk");
            }
            if (octet != '\r') {
                line.append((char) octet);
            }
        }
        return line.toString();
    }
}
