package org.openkas.grpc;

import com.google.protobuf.Message;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.Optional;
import org.openkas.message.MessageRules;

/**
 * Ends a call whose message breaks its own rules with {@code INVALID_ARGUMENT} and all violations (chapter 01 §3.8,
 * chapter 06 §5). The service does not see that message. Stateless.
 */
public final class MessageValidator implements ServerInterceptor {

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {
            private boolean refused;

            @Override
            public void onMessage(Q message) {
                if (refused) {
                    return;
                }
                Optional<String> violations = message instanceof Message known ? MessageRules.violations(known) : Optional.empty();
                if (violations.isEmpty()) {
                    super.onMessage(message);
                } else {
                    refused = true;
                    call.close(Status.INVALID_ARGUMENT.withDescription(violations.get()), new Metadata());
                }
            }

            @Override
            public void onHalfClose() {
                if (!refused) {
                    super.onHalfClose();
                }
            }
        };
    }
}
