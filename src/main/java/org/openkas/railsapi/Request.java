package org.openkas.railsapi;

import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.InputStream;

/** The bytes of a request after the attempt to read them. */
sealed interface Request<Q> {

    /** They were a message. */
    record Decoded<Q>(Q message) implements Request<Q> {
    }

    /** They were none; the status is the call's answer. */
    record Undecodable<Q>(Status status) implements Request<Q> {
    }

    /** Reads requests with another marshaller, and never fails. */
    record Reader<Q>(Marshaller<Q> marshaller) implements Marshaller<Request<Q>> {

        @Override
        public Request<Q> parse(InputStream bytes) {
            try {
                return new Decoded<>(marshaller.parse(bytes));
            } catch (RuntimeException e) {
                return new Undecodable<>(status(e));
            }
        }

        /** Too large a message has a status of its own; what else goes wrong is about its content. */
        private static Status status(RuntimeException failure) {
            if (failure instanceof StatusRuntimeException known && known.getStatus().getCode() != Status.Code.INTERNAL) {
                return known.getStatus();
            }
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            return Status.INTERNAL.withDescription("grpc: error unmarshalling request: " + cause.getMessage());
        }

        @Override
        public InputStream stream(Request<Q> request) {
            return switch (request) {
                case Decoded<Q>(Q message) -> marshaller.stream(message);
                case Undecodable<Q>(Status status) -> throw status.asRuntimeException();
            };
        }
    }
}
