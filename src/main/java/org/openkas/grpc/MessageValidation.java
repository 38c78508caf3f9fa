package org.openkas.grpc;

import com.google.protobuf.Message;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.Optional;

/** Ends a call with {@code INVALID_ARGUMENT} when one of its messages breaks a rule (chapter 01 §3.8). Thread-safe. */
public final class MessageValidation implements ServerInterceptor {
    private final MessageValidator validator;

    /** With the rules. */
    public MessageValidation(MessageValidator validator) {
        this.validator = validator;
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        ServerCall.Listener<Q> handler = next.startCall(call, headers);
        return new StoppableListener<>(call) {
            @Override
            protected ServerCall.Listener<Q> delegate() {
                return handler;
            }

            @Override
            public void onMessage(Q received) {
                Optional<String> violations = received instanceof Message message && !stopped()
                        ? validator.violations(message)
                        : Optional.empty();
                if (violations.isPresent()) {
                    stop(Status.INVALID_ARGUMENT.withDescription(violations.get()));
                } else {
                    super.onMessage(received);
                }
            }
        };
    }
}
