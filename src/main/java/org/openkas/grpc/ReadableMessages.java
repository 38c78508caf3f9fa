package org.openkas.grpc;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.InputStream;

/**
 * Ends a call whose request message cannot be read, with the status that the reader gave, where the library would
 * report {@code UNKNOWN}. Stands in front of all other interceptors and sees bytes.
 */
final class ReadableMessages implements ServerInterceptor {

    /** The same service, guarded. */
    static ServerServiceDefinition only(ServerServiceDefinition service) {
        return ServerInterceptors.intercept(ServerInterceptors.useMarshalledMessages(service, new StreamMarshaller()),
                new ReadableMessages());
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {
            private boolean failed;

            @Override
            public void onMessage(Q message) {
                if (failed) {
                    return;
                }
                try {
                    super.onMessage(message);
                } catch (StatusRuntimeException e) {
                    failed = true;
                    closeQuietly(message);
                    call.close(status(e.getStatus()), new Metadata());
                }
            }

            @Override
            public void onHalfClose() {
                if (!failed) {
                    super.onHalfClose();
                }
            }
        };
    }

    private static Status status(Status found) {
        if (found.getCode() == Status.Code.INTERNAL && found.getCause() instanceof com.google.protobuf.InvalidProtocolBufferException e) {
            return Status.INTERNAL.withDescription("grpc: error unmarshalling request: " + e.getMessage());
        }
        return found;
    }

    private static void closeQuietly(Object message) {
        if (message instanceof InputStream stream) {
            try {
                stream.close();
            } catch (java.io.IOException e) {
                // nothing is lost: the call is over
                return;
            }
        }
    }
}
