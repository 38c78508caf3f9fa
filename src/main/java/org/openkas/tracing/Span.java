package org.openkas.tracing;

import java.util.Map;

/** A span under way. What is said after its end does not count. Implementations are thread-safe and never throw. */
public interface Span {

    /** How other processes know it. */
    TraceContext context();

    /** Sets an attribute. */
    void attribute(String name, String value);

    /** Sets an attribute. */
    void attribute(String name, long value);

    /** Something happened now. Values are {@link Long} or text. */
    void event(String name, Map<String, Object> attributes);

    /** What the span stands for failed; {@code description} may be empty. */
    void failed(String description);

    /** What the span stands for certainly succeeded. */
    void succeeded();

    /** It is over. */
    void end();
}
