package org.openkas.tracing;

import java.util.Optional;

/**
 * What is known of a span when it begins. Immutable.
 *
 * @param scope what part of the server begins it
 * @param kind its role
 * @param name what it is called
 * @param parent the span that it is part of; without one a new trace begins
 * @param link a span that has to do with it without being its parent
 */
public record SpanStart(String scope, Kind kind, String name, Optional<TraceContext> parent, Optional<TraceContext> link) {

    /** The role of a span in the conversation of processes. */
    public enum Kind {
        /** Answers somebody. */
        SERVER,
        /** Asks somebody. */
        CLIENT,
        /** Neither. */
        INTERNAL
    }

    /** A span that begins a trace. */
    public static SpanStart of(String scope, Kind kind, String name) {
        return new SpanStart(scope, kind, name, Optional.empty(), Optional.empty());
    }

    /** As part of {@code span}, if there is one. */
    public SpanStart childOf(Optional<TraceContext> span) {
        return new SpanStart(scope, kind, name, span, link);
    }

    /** With a link to {@code span}, if there is one. */
    public SpanStart linkedTo(Optional<TraceContext> span) {
        return new SpanStart(scope, kind, name, parent, span);
    }
}
