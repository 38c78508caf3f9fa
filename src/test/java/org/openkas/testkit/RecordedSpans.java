package org.openkas.testkit;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.openkas.tracing.Span;
import org.openkas.tracing.SpanStart;
import org.openkas.tracing.TraceContext;
import org.openkas.tracing.Tracer;

/** A tracer that keeps its spans for a test to look at. Thread-safe. */
public final class RecordedSpans implements Tracer {
    private final List<Recorded> spans = new CopyOnWriteArrayList<>();

    /** One span; {@code status} is empty until something is said of it. */
    public static final class Recorded implements Span {
        public final SpanStart start;
        public final Map<String, Object> attributes = new ConcurrentHashMap<>();
        public final List<String> events = new CopyOnWriteArrayList<>();
        public volatile String status = "";
        public volatile int ends;
        private final TraceContext context;

        private Recorded(SpanStart start, int number) {
            this.start = start;
            String trace = start.parent().map(TraceContext::traceId).orElse(String.format("%032x", number));
            context = new TraceContext(trace, String.format("%016x", number), true, "");
        }

        @Override
        public TraceContext context() {
            return context;
        }

        @Override
        public void attribute(String name, String value) {
            attributes.put(name, value);
        }

        @Override
        public void attribute(String name, long value) {
            attributes.put(name, value);
        }

        @Override
        public void event(String name, Map<String, Object> values) {
            events.add(values.isEmpty() ? name : name + new TreeMap<>(values));
        }

        @Override
        public void failed(String description) {
            status = "failed: " + description;
        }

        @Override
        public void succeeded() {
            status = "succeeded";
        }

        @Override
        public synchronized void end() {
            ends++;
        }
    }

    @Override
    public synchronized Span begin(SpanStart start) {
        Recorded span = new Recorded(start, spans.size() + 1);
        spans.add(span);
        return span;
    }

    /** The spans of this name, in the order in which they began. */
    public List<Recorded> spans(String name) {
        return spans.stream().filter(span -> span.start.name().equals(name)).toList();
    }

    /** The only span of this name. */
    public Recorded span(String name) {
        List<Recorded> found = spans(name);
        if (found.size() != 1) {
            throw new AssertionError("spans " + name + ": " + found.size());
        }
        return found.getFirst();
    }

    /** The span that a span is part of, as far as it is one of these. */
    public Optional<Recorded> parent(Recorded span) {
        return span.start.parent().flatMap(parent -> spans.stream().filter(other -> other.context.equals(parent)).findFirst());
    }
}
