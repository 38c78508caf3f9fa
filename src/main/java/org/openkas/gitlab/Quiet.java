package org.openkas.gitlab;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import org.openkas.common.Timers;

/**
 * For how long a request has stood still: since it began, or since a piece of its body was taken last. A large body may take
 * longer than its receiver is waited for afterwards (chapter 02 §2.6). Thread-safe; one request each.
 */
final class Quiet {
    private final Timers timers;
    private volatile long sinceNanos;

    Quiet(Timers timers) {
        this.timers = timers;
        sinceNanos = timers.nanos();
    }

    /** The body for the client of the JDK, which takes pieces as the receiver does. */
    BodyPublisher watching(RequestBody body) {
        return body.length() == 0
                ? BodyPublishers.noBody()
                : BodyPublishers.fromPublisher(BodyPublishers.ofInputStream(() -> opened(body)), body.length());
    }

    /** Runs {@code giveUp} once the request has stood still for {@code patience}. */
    Timers.Cancellable after(Duration patience, Runnable giveUp) {
        sinceNanos = timers.nanos();
        Alarm alarm = new Alarm(patience, giveUp);
        alarm.set(patience);
        return alarm;
    }

    private InputStream opened(RequestBody body) {
        try {
            return new Watched(body.open());
        } catch (IOException e) {
            return new Failed(e);
        }
    }

    private final class Alarm implements Timers.Cancellable {
        private final Duration patience;
        private final Runnable giveUp;
        private Timers.Cancellable timer = () -> {
        };
        private boolean cancelled;

        Alarm(Duration patience, Runnable giveUp) {
            this.patience = patience;
            this.giveUp = giveUp;
        }

        synchronized void set(Duration wait) {
            if (!cancelled) {
                timer = timers.after(wait, this::ring);
            }
        }

        private void ring() {
            Duration left = patience.minusNanos(timers.nanos() - sinceNanos);
            if (left.isPositive()) {
                set(left);
            } else {
                giveUp.run();
            }
        }

        @Override
        public synchronized void cancel() {
            cancelled = true;
            timer.cancel();
        }
    }

    private final class Watched extends FilterInputStream {
        Watched(InputStream bytes) {
            super(bytes);
        }

        @Override
        public int read() throws IOException {
            sinceNanos = timers.nanos();
            return super.read();
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            sinceNanos = timers.nanos();
            return super.read(bytes, offset, length);
        }
    }

    /** Nothing but why there is nothing. */
    private static final class Failed extends InputStream {
        private final IOException failure;

        Failed(IOException failure) {
            this.failure = failure;
        }

        @Override
        public int read() throws IOException {
            throw new IOException(failure.getMessage(), failure);
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            return read();
        }
    }
}
