package org.openkas.grpc;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.KnownLength;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.openkas.message.OwnedBytes;

/**
 * Ends a call whose request message is too large or cannot be read, with the reference's status (chapter 01 §3.1) where
 * the library would report {@code UNKNOWN}. Stands in front of all other interceptors and sees bytes.
 */
final class ReadableMessages implements ServerInterceptor {
    private final int maxBytes;

    ReadableMessages(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** The same service, guarded. */
    static ServerServiceDefinition only(ServerServiceDefinition service, int maxBytes) {
        return ServerInterceptors.intercept(ServerInterceptors.useMarshalledMessages(owned(service), new StreamMarshaller()),
                new ReadableMessages(maxBytes));
    }

    private static ServerServiceDefinition owned(ServerServiceDefinition service) {
        ServiceDescriptor.Builder descriptor = ServiceDescriptor.newBuilder(service.getServiceDescriptor().getName())
                .setSchemaDescriptor(service.getServiceDescriptor().getSchemaDescriptor());
        List<ServerMethodDefinition<?, ?>> methods = service.getMethods().stream().<ServerMethodDefinition<?, ?>>map(ReadableMessages::owned).toList();
        methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
        ServerServiceDefinition.Builder definition = ServerServiceDefinition.builder(descriptor.build());
        methods.forEach(definition::addMethod);
        return definition.build();
    }

    private static <Q, R> ServerMethodDefinition<Q, R> owned(ServerMethodDefinition<Q, R> method) {
        MethodDescriptor<Q, R> descriptor = method.getMethodDescriptor();
        return ServerMethodDefinition.create(descriptor.toBuilder(OwnedBytes.reading(descriptor.getRequestMarshaller()), descriptor.getResponseMarshaller())
                .build(), method.getServerCallHandler());
    }

    /** The status for a message of {@code bytes} bytes, as it came or after decompression. */
    static Status tooLarge(String received, long bytes, int maxBytes) {
        return Status.RESOURCE_EXHAUSTED
                .withDescription("grpc: received message " + received + " than max (" + bytes + " vs. " + maxBytes + ")");
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        EarlyEnd early = new EarlyEnd();
        ServerCall.Listener<Q> handler = Contexts.interceptCall(Context.current().withValue(CallContext.EARLY_END, early), call, headers,
                next);
        return new StoppableListener<>(call, early) {
            @Override
            protected ServerCall.Listener<Q> delegate() {
                return handler;
            }

            @Override
            public void onMessage(Q message) {
                try {
                    refuseTooLarge(message);
                    super.onMessage(message);
                } catch (StatusRuntimeException e) {
                    closeQuietly(message);
                    stop(status(e.getStatus()));
                }
            }
        };
    }

    private void refuseTooLarge(Object message) {
        try {
            if (message instanceof InputStream stream && stream instanceof KnownLength && stream.available() > maxBytes) {
                throw tooLarge("larger", stream.available(), maxBytes).asRuntimeException();
            }
        } catch (IOException e) {
            throw Status.INTERNAL.withDescription("grpc: failed to read the message").withCause(e).asRuntimeException();
        }
    }

    private static Status status(Status found) {
        if (found.getCode() == Status.Code.INTERNAL && found.getCause() instanceof InvalidProtocolBufferException e) {
            return Status.INTERNAL.withDescription("grpc: error unmarshalling request: " + e.getMessage());
        }
        return found;
    }

    private static void closeQuietly(Object message) {
        if (message instanceof InputStream stream) {
            try {
                stream.close();
            } catch (IOException e) {
                return; // nothing is lost: the call is over
            }
        }
    }
}
