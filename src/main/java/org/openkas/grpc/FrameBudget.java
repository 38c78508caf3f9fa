package org.openkas.grpc;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * How many HTTP/2 frames that cost the server more than their sender one connection may send in ten seconds. The bounds
 * are far above what agents send: bandwidth-estimation PINGs many times a second, hundreds of RST_STREAMs when a busy
 * agent cancels its calls, a WINDOW_UPDATE for every few hundred bytes received. Not thread-safe.
 */
final class FrameBudget {
    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int PRIORITY = 2;
    static final int RST_STREAM = 3;
    static final int SETTINGS = 4;
    static final int PING = 6;
    static final int WINDOW_UPDATE = 8;
    static final int CONTINUATION = 9;

    private static final int END_STREAM = 0x1;
    private static final int BYTES_PER_UPDATE = 64;
    private static final int LARGE = 256;
    private static final Duration PERIOD = Duration.ofSeconds(10);

    /** Kinds that are counted together. */
    private enum Kind {
        EMPTY_DATA(1_000, "too_many_empty_frames"), PRIORITY(1_000, "too_many_priorities"), RST_STREAM(0,
                "too_many_rststreams"), SETTINGS(200,
                        "too_many_settings"), PING(50_000, "too_many_pings"), WINDOW_UPDATE(20_000,
                                "too_many_window_updates"), CONTINUATION(1_000,
                                        "too_many_continuations"), OTHER(1_000, "too_many_unknown_frames");

        private final int limit;
        private final String complaint;

        Kind(int limit, String complaint) {
            this.limit = limit;
            this.complaint = complaint;
        }
    }

    private final LongSupplier nanos;
    private final int maxResets;
    private final Map<Kind, Integer> counts = new EnumMap<>(Kind.class);
    private long periodBegan;
    private long sentBytes;

    /** With a steady clock, and how many calls the peer may cancel in ten seconds. */
    FrameBudget(LongSupplier nanos, int maxResets) {
        this.nanos = nanos;
        this.maxResets = maxResets;
        periodBegan = nanos.getAsLong();
    }

    /** Counts one received frame; a complaint if it was one too many. */
    Optional<String> received(int type, int flags, int length) {
        Kind kind;
        switch (type) {
            case DATA -> {
                if (length > 0 || (flags & END_STREAM) != 0) {
                    return Optional.empty();
                }
                kind = Kind.EMPTY_DATA;
            }
            case HEADERS -> {
                return Optional.empty();
            }
            case PRIORITY -> kind = Kind.PRIORITY;
            case RST_STREAM -> kind = Kind.RST_STREAM;
            case SETTINGS -> kind = Kind.SETTINGS;
            case PING -> kind = Kind.PING;
            case WINDOW_UPDATE -> kind = Kind.WINDOW_UPDATE;
            case CONTINUATION -> kind = Kind.CONTINUATION;
            default -> {
                // large ones, which have to be skipped, cost their sender more
                if (length >= LARGE) {
                    return Optional.empty();
                }
                kind = Kind.OTHER;
            }
        }
        return count(kind);
    }

    /** Notes bytes sent, which the peer answers with WINDOW_UPDATEs. */
    void sent(int bytes) {
        sentBytes += bytes;
    }

    private Optional<String> count(Kind kind) {
        int count = counts.merge(kind, 1, Integer::sum);
        int limit = kind == Kind.RST_STREAM ? maxResets : kind.limit;
        if (count <= limit) {
            return Optional.empty();
        }
        long now = nanos.getAsLong();
        if (now - periodBegan >= PERIOD.toNanos()) {
            periodBegan = now;
            sentBytes = 0;
            counts.clear();
            counts.put(kind, 1);
            return Optional.empty();
        }
        if (kind == Kind.WINDOW_UPDATE && count <= limit + sentBytes / BYTES_PER_UPDATE) {
            return Optional.empty();
        }
        return Optional.of(kind.complaint);
    }
}
