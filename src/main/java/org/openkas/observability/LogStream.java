package org.openkas.observability;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongFunction;

/**
 * The process's log stream: whole lines go out in order, each with one write, from a thread of its own, which the first line
 * starts and {@link #close} ends. Callers never wait for the reader of the stream: when more than {@value #CAPACITY} bytes are waiting, further lines are dropped and
 * counted, and a line that tells their number follows as soon as there is room. Thread-safe; nothing here throws.
 */
public final class LogStream implements AutoCloseable {
    private static final int CAPACITY = 4 * 1024 * 1024;
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);

    private final OutputStream out;
    private final Object turn;
    private final LongFunction<byte[]> droppedLine;
    private final Deque<byte[]> waiting = new ArrayDeque<>();
    private final Thread writer;
    private int waitingBytes;
    private long dropped;
    private boolean writing;
    private boolean closed;

    private LogStream(OutputStream out, Object turn, LongFunction<byte[]> droppedLine) {
        this.out = out;
        this.turn = turn;
        this.droppedLine = droppedLine;
        writer = Thread.ofPlatform().daemon().name("openkas-log").unstarted(this::write);
    }

    /**
     * A stream of lines to {@code out}.
     *
     * @param droppedLine the line, with its line feed, that tells how many lines were dropped
     */
    public static LogStream to(OutputStream out, LongFunction<byte[]> droppedLine) {
        return new LogStream(out, out, droppedLine);
    }

    /**
     * Lines to the process's standard error, whatever {@link System#err} is. Several streams in one process, even of
     * different class loaders, take turns line by line.
     */
    public static LogStream standardError(LongFunction<byte[]> droppedLine) {
        return new LogStream(new FileOutputStream(FileDescriptor.err), FileDescriptor.err, droppedLine);
    }

    /** Sends a line, which ends in a line feed; the array is not copied. */
    public void send(byte[] line) {
        synchronized (waiting) {
            if (closed || waitingBytes + line.length > CAPACITY) {
                dropped++;
                return;
            }
            waiting.add(line);
            waitingBytes += line.length;
            waiting.notifyAll();
            if (writer.getState() == Thread.State.NEW) {
                // not sooner: containers construct their proxies of beans with all their fields, and close none of those
                writer.start();
            }
        }
    }

    /** Waits until what was sent so far is written, but not longer than {@code limit}. */
    public void flush(Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        synchronized (waiting) {
            while (!waiting.isEmpty() || writing) {
                long left = (end - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    return;
                }
                try {
                    waiting.wait(left);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
            }
        }
    }

    /** Writes what is waiting, for a second at most, and takes no more lines. The underlying stream stays open. */
    @Override
    public void close() {
        flush(LAST_WORDS);
        synchronized (waiting) {
            closed = true;
            waiting.notifyAll();
        }
    }

    private void write() {
        for (byte[] line = next(); line.length > 0; line = next()) {
            synchronized (turn) {
                try {
                    out.write(line);
                    out.flush();
                } catch (IOException e) {
                    // nobody reads: there is no other place to say so
                }
            }
        }
    }

    /** The next line, waiting for one; an empty array at the end. */
    private byte[] next() {
        synchronized (waiting) {
            writing = false;
            waiting.notifyAll();
            while (true) {
                byte[] line = waiting.poll();
                if (line != null) {
                    waitingBytes -= line.length;
                    writing = true;
                    return line;
                }
                if (dropped > 0 && !closed) {
                    line = droppedLine.apply(dropped);
                    dropped = 0;
                    writing = true;
                    return line;
                }
                if (closed) {
                    return new byte[0];
                }
                try {
                    waiting.wait();
                } catch (InterruptedException e) {
                    // nobody has a reason to interrupt this thread; it ends by close()
                }
            }
        }
    }
}
