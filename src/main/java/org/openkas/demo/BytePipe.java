package org.openkas.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;

/** Bytes from one thread to another: a writer waits while the bounded buffer is full, a reader while it is empty. Thread-safe. */
final class BytePipe extends InputStream {
    private final byte[] ring = new byte[64 * 1024];
    private int start;
    private int held;
    private boolean ended;
    private boolean abandoned;

    /** Puts bytes in; drops them if the reader has gone. */
    synchronized void put(byte[] bytes, int from, int length) throws IOException {
        int at = from;
        int left = length;
        while (left > 0 && !abandoned && !ended) {
            int end = (start + held) % ring.length;
            int count = Math.min(left, Math.min(ring.length - held, ring.length - end));
            if (count == 0) {
                awaitChange();
                continue;
            }
            System.arraycopy(bytes, at, ring, end, count);
            held += count;
            at += count;
            left -= count;
            notifyAll();
        }
    }

    /** No more bytes follow. */
    synchronized void end() {
        ended = true;
        notifyAll();
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public synchronized int read(byte[] bytes, int from, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (held == 0 && !ended && !abandoned) {
            awaitChange();
        }
        if (held == 0 || abandoned) {
            return -1;
        }
        int count = Math.min(length, Math.min(held, ring.length - start));
        System.arraycopy(ring, start, bytes, from, count);
        start = (start + count) % ring.length;
        held -= count;
        notifyAll();
        return count;
    }

    @Override
    public synchronized int available() {
        return held;
    }

    /** The reader goes: a writer never waits again. */
    @Override
    public synchronized void close() {
        abandoned = true;
        notifyAll();
    }

    /** Called in loops that look at the state again. */
    @SuppressWarnings("WaitNotInLoop")
    private void awaitChange() throws IOException {
        try {
            wait();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException().initCause(e);
        }
    }
}
