package org.openkas.agentapi;

import com.google.protobuf.MessageLite;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;

/**
 * Ends a call that would send a message larger than agents receive (chapter 07 §4.3), so that the server's log and not
 * only the agent's tells of it. Thread-safe.
 */
final class SentMessageLimit implements ServerInterceptor {
    private static final int MAX_BYTES = 4 << 20;

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        return next.startCall(new Limited<>(call), headers);
    }

    private static final class Limited<Q, R> extends SimpleForwardingServerCall<Q, R> {
        private boolean ended;

        private Limited(ServerCall<Q, R> call) {
            super(call);
        }

        @Override
        public void sendMessage(R message) {
            if (ended) {
                return;
            }
            int bytes = message instanceof MessageLite known ? known.getSerializedSize() : 0;
            if (bytes > MAX_BYTES) {
                ended = true;
                super.close(Status.RESOURCE_EXHAUSTED.withDescription(
                        "grpc: trying to send message larger than max (" + bytes + " vs. " + MAX_BYTES + ")"), new Metadata());
            } else {
                super.sendMessage(message);
            }
        }

        @Override
        public void close(Status status, Metadata trailers) {
            if (!ended) {
                ended = true;
                super.close(status, trailers);
            }
        }
    }
}
