package org.openkas.grpc;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * How often a client may send PINGs (chapter 01 §3.2), exactly as the reference counts: a PING that comes sooner than the
 * spacing after the one before is a strike, except the very first and the first after the server sent HEADERS or DATA,
 * which also clears the strikes. Not thread-safe.
 */
final class PingPolicy {
    private static final int MAX_STRIKES = 2;

    private final LongSupplier nanos;
    private final long spacing;
    private boolean cleared = true;
    private long last;
    private int strikes;

    PingPolicy(LongSupplier nanos, Duration spacing) {
        this.nanos = nanos;
        this.spacing = spacing.toNanos();
    }

    /** The server sent HEADERS or DATA. */
    void answered() {
        cleared = true;
    }

    /** A PING came; false if it was one too many. */
    boolean acceptable() {
        long now = nanos.getAsLong();
        if (cleared) {
            cleared = false;
            strikes = 0;
        } else if (now - last < spacing) {
            strikes++;
        }
        last = now;
        return strikes <= MAX_STRIKES;
    }
}
