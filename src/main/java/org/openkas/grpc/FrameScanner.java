package org.openkas.grpc;

import io.netty.buffer.ByteBuf;

/**
 * Finds the frame headers in one direction of an HTTP/2 connection's bytes, wherever buffers begin and end. Does not
 * consume anything. Not thread-safe.
 */
final class FrameScanner {
    private static final int HEADER = 9;

    private final Frames frames;
    private final byte[] header = new byte[HEADER];
    private int headerHave;
    private int skip;

    /** Takes frame headers. */
    @FunctionalInterface
    interface Frames {
        /** A frame begins; false stops the scan of this buffer. */
        boolean begins(int type, int flags, int length);
    }

    /** Skips {@code preface} bytes first. */
    FrameScanner(int preface, Frames frames) {
        skip = preface;
        this.frames = frames;
    }

    /** Scans the readable bytes; false if {@link Frames#begins} said so. */
    boolean scan(ByteBuf bytes) {
        int at = bytes.readerIndex();
        int end = bytes.writerIndex();
        while (at < end) {
            if (skip > 0) {
                int now = Math.min(skip, end - at);
                skip -= now;
                at += now;
            } else {
                header[headerHave++] = bytes.getByte(at++);
                if (headerHave == HEADER) {
                    headerHave = 0;
                    skip = ((header[0] & 0xff) << 16) | ((header[1] & 0xff) << 8) | (header[2] & 0xff);
                    if (!frames.begins(header[3] & 0xff, header[4], skip)) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    /** Whether the bytes so far end with a complete frame, or with the preface. */
    boolean betweenFrames() {
        return skip == 0 && headerHave == 0;
    }
}
