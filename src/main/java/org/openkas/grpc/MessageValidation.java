package org.openkas.grpc;

import com.google.protobuf.Message;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.openkas.common.Log;

/** Ends a call with {@code INVALID_ARGUMENT} when one of its messages breaks a rule (chapter 01 §3.8). Thread-safe. */
public final class MessageValidation implements ServerInterceptor {
    private final MessageValidator validator;

    /** With the rules. */
    public MessageValidation(MessageValidator validator) {
        this.validator = validator;
    }

    /** A peer newer than this server may choose a member of a oneof that is not known here; somebody should hear of it. */
    private static void tellOfUnknown(Message refused, Log log) {
        Set<Integer> unknown = refused.getUnknownFields().asMap().keySet();
        if (!unknown.isEmpty()) {
            log.with("message_type", refused.getDescriptorForType().getFullName()).with("unknown_fields", List.copyOf(unknown))
                    .warn("Refused a message with unknown fields");
        }
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        ServerCall.Listener<Q> handler = next.startCall(call, headers);
        Log log = CallContext.LOG.get();
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
                    tellOfUnknown((Message) received, log);
                    stop(Status.INVALID_ARGUMENT.withDescription(violations.get()));
                } else {
                    super.onMessage(received);
                }
            }
        };
    }
}
