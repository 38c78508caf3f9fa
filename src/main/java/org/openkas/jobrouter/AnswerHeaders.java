package org.openkas.jobrouter;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Headers around a request for a job (chapter 07 §9.2): what the runner calls its request, and what of GitLab's answer goes
 * back to it beside the job. Thread-safe.
 */
final class AnswerHeaders implements ServerInterceptor {
    /** The headers of this call's answer, for the service to fill before it answers. */
    static final Context.Key<Metadata> ANSWER = Context.keyWithDefault("openkas-job-answer-headers", new Metadata());
    /** How the runner calls the request, if it does. */
    static final Context.Key<Optional<String>> ASKED_AS = Context.keyWithDefault("openkas-job-request-id", Optional.empty());

    static final Metadata.Key<String> REQUEST_ID = Metadata.Key.of("x-request-id", Metadata.ASCII_STRING_MARSHALLER);
    static final Metadata.Key<String> LAST_UPDATE = Metadata.Key.of("x-gitlab-last-update", Metadata.ASCII_STRING_MARSHALLER);
    private static final int LONGEST_ID = 128;

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        Metadata answer = new Metadata();
        Context context = Context.current().withValues(ANSWER, answer, ASKED_AS, requestId(headers.get(REQUEST_ID)));
        return Contexts.interceptCall(context, new SimpleForwardingServerCall<>(call) {
            @Override
            public void sendHeaders(Metadata own) {
                own.merge(answer);
                super.sendHeaders(own);
            }
        }, headers, next);
    }

    private static Optional<String> requestId(@Nullable String sent) {
        return Optional.ofNullable(sent).filter(id -> id.length() <= LONGEST_ID && id.matches("[-_.:A-Za-z0-9]+"));
    }
}
