package org.openkas.grpc;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.Iterator;
import java.util.Optional;

/**
 * Lets calls pass that show a token signed with the listener's secret (chapter 06 §3, chapter 04 §4.2). The caller never learns
 * what is wrong with a token; a debug line of the call's logger does. Thread-safe.
 */
public final class CallerAuthentication implements ServerInterceptor {
    private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final String REJECTED = "JWT validation failed";

    /** Judges a token. Thread-safe. */
    @FunctionalInterface
    public interface TokenCheck {
        /** Why the token is not good, without anything of the token itself; empty if it is. */
        Optional<String> objection(String token);
    }

    private final TokenCheck check;

    /** @param check such as that of {@code jwt.TokenVerifier} */
    public CallerAuthentication(TokenCheck check) {
        this.check = check;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        Optional<String> refusal = refusal(headers);
        if (refusal.isEmpty()) {
            return next.startCall(call, headers);
        }
        call.close(Status.UNAUTHENTICATED.withDescription(refusal.get()), new Metadata());
        return new ServerCall.Listener<>() {
        };
    }

    private Optional<String> refusal(Metadata headers) {
        String value = firstValue(headers);
        int blank = value.indexOf(' ');
        if (blank < 0 && !value.isEmpty()) {
            return Optional.of("Bad authorization string");
        }
        if (blank < 0 || !value.substring(0, blank).equalsIgnoreCase("bearer")) {
            return Optional.of("Request unauthenticated with bearer");
        }
        Optional<String> objection = check.objection(value.substring(blank + 1));
        objection.ifPresent(why -> CallContext.LOG.get().with("error", why).debug(REJECTED));
        return objection.map(why -> REJECTED);
    }

    /** Not {@link Metadata#get}, which gives the last one. */
    private static String firstValue(Metadata headers) {
        Iterable<String> values = headers.getAll(AUTHORIZATION);
        if (values == null) {
            return "";
        }
        Iterator<String> each = values.iterator();
        return each.hasNext() ? each.next() : "";
    }
}
