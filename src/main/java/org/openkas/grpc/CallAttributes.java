package org.openkas.grpc;

import io.grpc.Status;
import org.openkas.tracing.Span;

/** What spans of calls have in common, by OpenTelemetry's names. Without state. */
public final class CallAttributes {
    private CallAttributes() {
    }

    /** What is called. */
    public static void of(String fullMethodName, Span span) {
        int slash = fullMethodName.lastIndexOf('/');
        span.attribute("rpc.system", "grpc");
        if (slash >= 0) {
            span.attribute("rpc.service", fullMethodName.substring(0, slash));
            span.attribute("rpc.method", fullMethodName.substring(slash + 1));
        }
    }

    /** How it ended, which ends the span. */
    public static void end(Span span, Status status) {
        span.attribute("rpc.grpc.status_code", status.getCode().value());
        if (!status.isOk()) {
            String text = status.getDescription();
            span.failed(text == null ? "" : text);
        }
        span.end();
    }
}
