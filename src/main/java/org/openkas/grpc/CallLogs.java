package org.openkas.grpc;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.util.HexFormat;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.openkas.common.Log;
import org.openkas.tracing.TraceContext;
import org.openkas.tracing.Traced;

/**
 * Gives each call its logger in {@link CallContext#LOG}, with {@code correlation_id}, {@code grpc_service} and
 * {@code grpc_method} (chapter 05 §13.2), and with {@code trace_id} in front of them where the call belongs to a trace. The
 * correlation id is the caller's, from {@code x-gitlab-correlation-id} or
 * {@code x-request-id}, or a random one. Thread-safe.
 */
public final class CallLogs implements ServerInterceptor {
    private static final Metadata.Key<String> CORRELATION = Metadata.Key.of("x-gitlab-correlation-id", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> REQUEST = Metadata.Key.of("x-request-id", Metadata.ASCII_STRING_MARSHALLER);
    private static final HexFormat HEX = HexFormat.of();
    private static final int MAX_ID = 255;

    private final Log log;
    private final RandomGenerator random;
    private final boolean othersTraces;

    /** With the logger to begin from, and a thread-safe source of ids. */
    public CallLogs(Log log, RandomGenerator random) {
        this(log, random, false);
    }

    private CallLogs(Log log, RandomGenerator random, boolean othersTraces) {
        this.log = log;
        this.random = random;
        this.othersTraces = othersTraces;
    }

    /** As the constructor; lines name the caller's trace also where this server does not trace. */
    public static CallLogs namingTraces(Log log, RandomGenerator random) {
        return new CallLogs(log, random, true);
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        MethodDescriptor<Q, R> method = call.getMethodDescriptor();
        Log forCall = traced(headers).with("correlation_id", correlationId(headers)).with("grpc_service", String.valueOf(method.getServiceName()))
                .with("grpc_method", String.valueOf(method.getBareMethodName()));
        return Contexts.interceptCall(Context.current().withValue(CallContext.LOG, forCall), call, headers, next);
    }

    private Log traced(Metadata headers) {
        Optional<Traced> traced = Traced.current();
        if (traced.isPresent()) {
            return log.with("trace_id", traced.get().span().context().id());
        }
        Optional<TraceContext> others = othersTraces ? ServedCallTraces.TraceHeaders.read(headers) : Optional.empty();
        return others.isPresent() ? log.with("trace_id", others.get().id()) : log;
    }

    private String correlationId(Metadata headers) {
        return sane(headers.get(CORRELATION)).or(() -> sane(headers.get(REQUEST)))
                .orElseGet(() -> HEX.toHexDigits(random.nextLong()) + HEX.toHexDigits(random.nextLong()));
    }

    private static Optional<String> sane(@Nullable String id) {
        boolean visible = id != null && !id.isEmpty() && id.length() <= MAX_ID && id.chars().allMatch(c -> c > 0x20 && c < 0x7f);
        return visible ? Optional.ofNullable(id) : Optional.empty();
    }
}
