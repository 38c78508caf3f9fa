package org.openkas.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessorBuilder;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openkas.tracing.Span;
import org.openkas.tracing.SpanStart;
import org.openkas.tracing.TraceContext;
import org.openkas.tracing.Tracer;

/**
 * Spans of the OpenTelemetry SDK, sent in batches; whoever begins a trace decides whether it is kept, and we keep all that we
 * begin (chapter 05 §14) unless the environment says otherwise. What a collector does not take in time is dropped: at most 2048
 * spans wait. Thread-safe.
 */
final class CollectorTracer implements Tracer, AutoCloseable {
    private static final Duration FLUSH = Duration.ofSeconds(5);

    private final SdkTracerProvider provider;

    /** Spans go to {@code exporter}, which is closed with this; in batches, and as many, as {@code variables} say. */
    CollectorTracer(Resource resource, SpanExporter exporter, OtelVariables variables) {
        BatchSpanProcessorBuilder batches = BatchSpanProcessor.builder(exporter);
        variables.applyTo(batches);
        provider = SdkTracerProvider.builder().setResource(resource).setSampler(variables.sampler()).addSpanProcessor(batches.build()).build();
    }

    @Override
    public Span begin(SpanStart start) {
        SpanBuilder builder = provider.get(start.scope()).spanBuilder(start.name()).setSpanKind(switch (start.kind()) {
            case SERVER -> SpanKind.SERVER;
            case CLIENT -> SpanKind.CLIENT;
            case INTERNAL -> SpanKind.INTERNAL;
        });
        start.parent().ifPresentOrElse(
                parent -> builder.setParent(Context.root().with(io.opentelemetry.api.trace.Span.wrap(context(parent)))),
                builder::setNoParent);
        start.link().ifPresent(link -> builder.addLink(context(link)));
        return new Begun(builder.startSpan(), start.parent().map(TraceContext::state).orElse(""));
    }

    private static SpanContext context(TraceContext trace) {
        TraceFlags flags = trace.sampled() ? TraceFlags.getSampled() : TraceFlags.getDefault();
        return SpanContext.createFromRemoteParent(trace.traceId(), trace.spanId(), flags, state(trace.state()));
    }

    private static TraceState state(String text) {
        TraceState state = TraceState.getDefault();
        if (!text.isEmpty()) {
            // each member is put in front of those that are there
            String[] members = text.split(",", -1);
            for (int i = members.length - 1; i >= 0; i--) {
                int equals = members[i].indexOf('=');
                if (equals > 0) {
                    state = state.toBuilder().put(members[i].substring(0, equals).strip(), members[i].substring(equals + 1).strip())
                            .build();
                }
            }
        }
        return state;
    }

    /** Sends what waits, for five seconds at most, and ends. */
    @Override
    public void close() {
        provider.shutdown().join(FLUSH.toMillis(), TimeUnit.MILLISECONDS);
    }

    private record Begun(io.opentelemetry.api.trace.Span span, TraceContext context) implements Span {

        Begun(io.opentelemetry.api.trace.Span span, String state) {
            this(span, new TraceContext(span.getSpanContext().getTraceId(), span.getSpanContext().getSpanId(),
                    span.getSpanContext().isSampled(), state));
        }

        @Override
        public void attribute(String name, String value) {
            span.setAttribute(name, value);
        }

        @Override
        public void attribute(String name, long value) {
            span.setAttribute(name, value);
        }

        @Override
        public void event(String name, Map<String, Object> attributes) {
            AttributesBuilder all = Attributes.builder();
            attributes.forEach((key, value) -> {
                if (value instanceof Long number) {
                    all.put(key, number);
                } else {
                    all.put(key, value.toString());
                }
            });
            span.addEvent(name, all.build());
        }

        @Override
        public void failed(String description) {
            span.setStatus(StatusCode.ERROR, description);
        }

        @Override
        public void succeeded() {
            span.setStatus(StatusCode.OK);
        }

        @Override
        public void end() {
            span.end();
        }
    }
}
