package org.openkas.websocket;

import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * What a peer sent and the channel has not read yet. A container reads from the network again when the thread that
 * delivered a message returns: keeping that thread waiting is the only way to make the peer wait, too. Since threads are
 * scarcer than memory, only some connections at a time may keep one, and only for a while; a peer that goes on all the same
 * finds the hard limit, which no peer reaches that heeds HTTP/2's windows. Thread-safe.
 */
final class UnreadMessages {
    /** Above this many bytes the delivering thread waits. */
    static final int HIGH = 256 << 10;
    /** The thread goes on at or below this many bytes. */
    static final int LOW = 128 << 10;
    /** Above this many bytes the connection ends: twice the server's window, and messages of small frames besides. */
    static final int LIMIT = 2 << 20;
    /** What a message costs besides its bytes. */
    private static final int OVERHEAD = 64;

    private final Semaphore waiting;
    private final Duration patience;
    private final LongSupplier nanos;
    private final Queue<ByteBuf> messages = new ArrayDeque<>();
    private long bytes;
    private boolean closed;

    /**
     * For one connection.
     *
     * @param waiting how many connections may keep a thread at the same time; shared by all
     * @param patience how long one message may keep its thread
     * @param nanos the clock
     */
    UnreadMessages(Semaphore waiting, Duration patience, LongSupplier nanos) {
        this.waiting = waiting;
        this.patience = patience;
        this.nanos = nanos;
    }

    /** Takes a message over; false if there is too much of them already, or if they are no longer wanted. */
    synchronized boolean add(ByteBuf message) {
        if (closed || bytes > LIMIT) {
            message.release();
            return false;
        }
        messages.add(message);
        bytes += message.readableBytes() + OVERHEAD;
        return true;
    }

    /** Keeps the calling thread while there is much to read, as far as that is allowed. */
    void pace() throws InterruptedException {
        synchronized (this) {
            if (bytes <= HIGH || closed) {
                return;
            }
        }
        if (!waiting.tryAcquire()) {
            return;
        }
        try {
            awaitLow();
        } finally {
            waiting.release();
        }
    }

    private synchronized void awaitLow() throws InterruptedException {
        long end = nanos.getAsLong() + patience.toNanos();
        for (long left = end - nanos.getAsLong(); left > 0 && bytes > LOW && !closed; left = end - nanos.getAsLong()) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    /** The next message, which the caller owns then, if there is one. */
    synchronized Optional<ByteBuf> poll() {
        ByteBuf message = messages.poll();
        if (message == null) {
            return Optional.empty();
        }
        boolean wasHigh = bytes > LOW;
        bytes -= message.readableBytes() + OVERHEAD;
        if (wasHigh && bytes <= LOW) {
            notifyAll();
        }
        return Optional.of(message);
    }

    /** Whether nothing waits. */
    synchronized boolean isEmpty() {
        return messages.isEmpty();
    }

    /** Drops everything and lets waiting threads go. */
    synchronized void close() {
        closed = true;
        messages.forEach(ByteBuf::release);
        messages.clear();
        bytes = 0;
        notifyAll();
    }
}
