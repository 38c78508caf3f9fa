package org.openkas.grpc;

import java.util.Map;
import org.openkas.tracing.Span;

/**
 * Tells a span of its call's messages, as events of the names that gRPC's other implementations use. Only of the first ones: what
 * a tunnel carries for hours would be forgotten anyway.
 */
final class CallMessages {
    private static final int TOLD = 64;

    private final Span span;

    CallMessages(Span span) {
        this.span = span;
    }

    /** {@code number} counts from 0 in each direction; sizes are in bytes, negative if unknown. */
    void received(int number, long wireSize, long size) {
        tell("RECEIVED", number, wireSize, size);
    }

    void sent(int number, long wireSize, long size) {
        tell("SENT", number, wireSize, size);
    }

    private void tell(String way, int number, long wireSize, long size) {
        if (number < TOLD) {
            span.event("message", Map.of("message.type", way, "message.id", number + 1L, "message.compressed_size", wireSize,
                    "message.uncompressed_size", size));
        }
    }
}
