package org.openkas.gitlab;

import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.openkas.tracing.Span;
import org.openkas.tracing.SpanStart;
import org.openkas.tracing.Traced;
import org.openkas.tracing.Tracer;

/** Spans of requests to GitLab, from before there is a connection to the end of the answer (chapter 05 §14). Thread-safe. */
final class HttpTraces {
    private static final String SCOPE = "org.openkas.gitlab";

    private final Tracer tracer;

    HttpTraces(Tracer tracer) {
        this.tracer = tracer;
    }

    /** A request that begins, as part of what this thread works for. */
    Request begin(String method, URI uri, Map<String, List<String>> headers, long length) {
        Traced traced = Traced.begin(tracer, SpanStart.of(SCOPE, SpanStart.Kind.CLIENT, "HTTP " + method));
        Span span = traced.span();
        span.attribute("http.method", method);
        span.attribute("http.url", withoutQuery(uri));
        span.attribute("net.peer.name", uri.getHost());
        if (uri.getPort() >= 0) {
            span.attribute("net.peer.port", uri.getPort());
        }
        headers.getOrDefault("user-agent", List.of()).forEach(agent -> span.attribute("http.user_agent", agent));
        if (length > 0) {
            span.attribute("http.request_content_length", length);
        }
        return new Request(traced);
    }

    /** Values of parameters are not for those who look at traces. */
    private static String withoutQuery(URI uri) {
        String text = uri.toString();
        int question = text.indexOf('?');
        return question < 0 ? text : text.substring(0, question);
    }

    /** A request under way. */
    record Request(Traced traced) {

        /** These headers, and those that tell GitLab of the span. */
        Map<String, List<String>> headers(Map<String, List<String>> headers) {
            Map<String, List<String>> all = new TreeMap<>(headers);
            traced.propagate((name, value) -> all.put(name, List.of(value)));
            return all;
        }

        /** The answer has begun; the span ends when it is closed. */
        void answered(GitLabResponse answer) {
            Span span = traced.span();
            span.attribute("http.status_code", answer.status());
            answer.header("content-length").filter(text -> text.matches("[0-9]{1,18}"))
                    .ifPresent(text -> span.attribute("http.response_content_length", Long.parseLong(text)));
            if (answer.status() >= 400) {
                span.failed("");
            }
            answer.onClose(span::end);
        }

        /** There will be no answer. */
        void failed(Exception failure) {
            traced.span().failed(String.valueOf(failure.getMessage()));
            traced.span().end();
        }
    }
}
