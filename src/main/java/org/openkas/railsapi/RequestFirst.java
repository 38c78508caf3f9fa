package org.openkas.railsapi;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import java.util.List;

/**
 * Reads the request of a unary call before anything else happens to the call. A request that cannot be decoded is
 * answered with {@code INTERNAL} whatever token came with it, and no interceptor of the service hears of the call
 * (chapter 06 §4). Stateless.
 */
final class RequestFirst {
    private RequestFirst() {
    }

    /** The service, with its interceptors, behind the reading of requests. Methods that stream stay as they are. */
    static ServerServiceDefinition before(ServerServiceDefinition service) {
        List<ServerMethodDefinition<?, ?>> methods = service.getMethods().stream().<ServerMethodDefinition<?, ?>>map(RequestFirst::before)
                .toList();
        ServiceDescriptor.Builder descriptor = ServiceDescriptor.newBuilder(service.getServiceDescriptor().getName());
        methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
        ServerServiceDefinition.Builder definition = ServerServiceDefinition.builder(descriptor.build());
        methods.forEach(definition::addMethod);
        return definition.build();
    }

    private static <Q, A> ServerMethodDefinition<?, ?> before(ServerMethodDefinition<Q, A> method) {
        MethodDescriptor<Q, A> descriptor = method.getMethodDescriptor();
        if (descriptor.getType() != MethodType.UNARY) {
            return method;
        }
        MethodDescriptor<Request<Q>, A> lenient = descriptor
                .toBuilder(new Request.Reader<>(descriptor.getRequestMarshaller()), descriptor.getResponseMarshaller()).build();
        ServerCallHandler<Q, A> handler = method.getServerCallHandler();
        return ServerMethodDefinition.create(lenient, (call, headers) -> start(call, headers, descriptor, handler));
    }

    private static <Q, A> ServerCall.Listener<Request<Q>> start(ServerCall<Request<Q>, A> call, Metadata headers,
            MethodDescriptor<Q, A> method,
            ServerCallHandler<Q, A> handler) {
        // one more than a unary call has, so that a second one is noticed
        call.request(2);
        return new ReadingListener<>(call, headers, method, handler);
    }
}
