package org.openkas.agentapi;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.Optional;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.common.GoText;
import org.openkas.grpc.CallContext;

/**
 * Takes the agent's token and type from a call's metadata into {@link CallContext#TOKEN}, or refuses the call (chapter 01
 * §3.6, chapter 07 §4.3). Whether the token is valid is for others to find out. Thread-safe.
 */
final class TokenExtraction implements ServerInterceptor {
    /** Metadata that says what kind of agent calls. */
    static final Metadata.Key<String> AGENT_TYPE = Metadata.Key.of("gitlab-agent-type", Metadata.ASCII_STRING_MARSHALLER);

    private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final Status NO_BEARER = Status.UNAUTHENTICATED.withDescription("Request unauthenticated with bearer");
    private static final Status MALFORMED = Status.UNAUTHENTICATED.withDescription("Bad authorization string");

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        String authorization = first(headers, AUTHORIZATION).orElse("");
        int space = authorization.indexOf(' ');
        if (authorization.isEmpty()) {
            return refuse(call, NO_BEARER);
        }
        if (space < 0) {
            return refuse(call, MALFORMED);
        }
        if (!authorization.substring(0, space).equalsIgnoreCase("bearer")) {
            return refuse(call, NO_BEARER);
        }
        String type = first(headers, AGENT_TYPE).orElse(AgentType.AGENTK.label());
        Optional<AgentType> known = AgentType.of(type);
        if (known.isEmpty()) {
            return refuse(call, Status.INVALID_ARGUMENT.withDescription("unknown gitlab-agent-type: " + GoText.quoted(type)));
        }
        AgentToken token = new AgentToken(known.get(), authorization.substring(space + 1));
        return Contexts.interceptCall(Context.current().withValue(CallContext.TOKEN, token), call, headers, next);
    }

    private static Optional<String> first(Metadata headers, Metadata.Key<String> key) {
        Iterable<String> values = headers.getAll(key);
        return values == null ? Optional.empty() : Optional.of(values.iterator().next());
    }

    private static <Q> ServerCall.Listener<Q> refuse(ServerCall<Q, ?> call, Status status) {
        call.close(status, new Metadata());
        return new ServerCall.Listener<>() {
        };
    }
}
