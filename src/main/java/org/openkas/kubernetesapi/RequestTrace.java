package org.openkas.kubernetesapi;

import io.grpc.Context;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.openkas.common.Log;
import org.openkas.net.Security;
import org.openkas.tracing.Span;
import org.openkas.tracing.SpanStart;
import org.openkas.tracing.TraceContext;
import org.openkas.tracing.Traced;
import org.openkas.tracing.Tracer;

/**
 * The span of one request, from its header to the end of its answer (chapter 03 §17.2), or none. It begins a trace of its own: the
 * client's, who may be anybody, is only linked. Ends once; thread-safe.
 */
final class RequestTrace {
    /** Of a server that does not trace: does nothing, and allocates nothing. */
    static final RequestTrace NONE = new RequestTrace(null);

    private static final String SCOPE = "org.openkas.kubernetesapi";

    private final @Nullable Traced traced;

    private RequestTrace(@Nullable Traced traced) {
        this.traced = traced;
    }

    /** Begins the span of a request that came from {@code client}. */
    static RequestTrace begin(Tracer tracer, RequestHead head, Security security, SocketAddress client) {
        HeaderLines headers = head.headers();
        Span span = tracer.begin(SpanStart.of(SCOPE, SpanStart.Kind.SERVER, "k8s-proxy").linkedTo(
                TraceContext.parse(headers.first("Traceparent").orElse(""), headers.first("Tracestate").orElse(""))));
        span.attribute("http.method", head.method());
        span.attribute("http.scheme", security instanceof Security.Tls ? "https" : "http");
        span.attribute("http.flavor", head.version().majorVersion() + "." + head.version().minorVersion());
        RequestHead.NamedHost host = head.host();
        if (!host.name().isEmpty()) {
            span.attribute("net.host.name", host.name());
        }
        if (!host.port().isEmpty()) {
            span.attribute("net.host.port", Long.parseLong(host.port()));
        }
        if (client instanceof InetSocketAddress address) {
            span.attribute("net.sock.peer.addr", address.getAddress().getHostAddress());
            span.attribute("net.sock.peer.port", address.getPort());
        }
        headers.first("User-Agent").ifPresent(agent -> span.attribute("http.user_agent", agent));
        return new RequestTrace(new Traced(span, ""));
    }

    /** What messages to the client end in. */
    String suffix() {
        return traced == null ? "" : ". Trace ID: " + traced.span().context().traceId();
    }

    /** A log whose lines name the trace. */
    Log in(Log log) {
        return traced == null ? log : log.with("trace_id", traced.span().context().id());
    }

    /** The request is about this agent. */
    void agent(long id) {
        if (traced != null) {
            traced.span().attribute("agent_id", id);
        }
    }

    /** Does work for the request on this thread. */
    <T> T within(Supplier<T> work) {
        if (traced == null) {
            return work.get();
        }
        Context mine = traced.in(Context.current());
        Context before = mine.attach();
        try {
            return work.get();
        } finally {
            mine.detach(before);
        }
    }

    /** A task for another thread that is done for the request. */
    Runnable carried(Runnable task) {
        return traced == null ? task : traced.carried(task);
    }

    /** The status that the client is told. */
    void answered(int status) {
        if (traced != null) {
            traced.span().attribute("http.status_code", status);
            if (status >= 500) {
                traced.span().failed("");
            }
        }
    }

    /** The answer breaks off, which ends it. */
    void broken(String why) {
        if (traced != null) {
            traced.span().failed(why);
            traced.span().end();
        }
    }

    void end() {
        if (traced != null) {
            traced.span().end();
        }
    }
}
