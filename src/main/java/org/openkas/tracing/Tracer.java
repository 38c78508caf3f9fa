package org.openkas.tracing;

/** Begins spans. A server whose tracing is off has none. Implementations are thread-safe and never throw. */
public interface Tracer {

    /** A new span, which begins now; whoever begins it ends it. */
    Span begin(SpanStart start);
}
