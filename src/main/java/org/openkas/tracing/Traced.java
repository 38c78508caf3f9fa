package org.openkas.tracing;

import io.grpc.Context;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;

/**
 * Work that belongs to a span. Travels with the thread in gRPC's {@link Context}, which calls have anyway: there is nothing to
 * be carried, and nothing allocated, while nobody traces. Immutable.
 *
 * @param span what the work belongs to
 * @param baggage what the caller wants to be told onwards; empty for nothing
 */
public record Traced(Span span, String baggage) {
    private static final Context.Key<Traced> CURRENT = Context.key("openkas-traced");

    /** What the current thread works for. */
    public static Optional<Traced> current() {
        return Optional.ofNullable(CURRENT.get());
    }

    /** Begins a span as part of what the current thread works for, with the same baggage; of a trace of its own if that is nothing. */
    public static Traced begin(Tracer tracer, SpanStart start) {
        Optional<Traced> caller = current();
        return new Traced(tracer.begin(start.childOf(caller.map(traced -> traced.span().context()))),
                caller.map(Traced::baggage).orElse(""));
    }

    /** Sets an attribute of the current thread's span, if it has one. */
    public static void attribute(String name, long value) {
        Traced now = CURRENT.get();
        if (now != null) {
            now.span.attribute(name, value);
        }
    }

    /**
     * An executor whose tasks belong to what the current thread works for now, whoever hands them over; {@code executor} itself
     * if that is nothing. For streams that live on when their call's thread has returned.
     */
    public static Executor bound(Executor executor) {
        Traced now = CURRENT.get();
        return now == null ? executor : task -> executor.execute(now.carried(task));
    }

    /** A context in which this is current, besides everything that {@code context} has. */
    public Context in(Context context) {
        return context.withValue(CURRENT, this);
    }

    /** A task for any thread, for which this is current, and nothing else of this thread's context: no deadline, no cancellation. */
    public Runnable carried(Runnable task) {
        return in(Context.ROOT).wrap(task);
    }

    /** Tells the headers for a request that is sent on behalf of the span. */
    public void propagate(BiConsumer<String, String> header) {
        TraceContext context = span.context();
        header.accept(TraceContext.TRACEPARENT, context.traceparent());
        if (!context.state().isEmpty()) {
            header.accept(TraceContext.TRACESTATE, context.state());
        }
        if (!baggage.isEmpty()) {
            header.accept(TraceContext.BAGGAGE, baggage);
        }
    }
}
