package org.openkas.agenttracker;

import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Lets one method of a service answer to several names. The generator cannot do it: it makes one and the same constant
 * of {@code ...Ids} and {@code ...IDs}.
 */
final class OtherNames {
    private OtherNames() {
    }

    /** @param names other name to the method's own, both without the service */
    static ServerServiceDefinition add(ServerServiceDefinition service, Map<String, String> names) {
        ServiceDescriptor descriptor = service.getServiceDescriptor();
        List<ServerMethodDefinition<?, ?>> methods = new ArrayList<>(service.getMethods());
        names.forEach((other, own) -> methods.add(named(descriptor.getName(), other,
                Objects.requireNonNull(service.getMethod(MethodDescriptor.generateFullMethodName(descriptor.getName(), own)), own))));
        ServiceDescriptor.Builder wider = ServiceDescriptor.newBuilder(descriptor.getName());
        methods.forEach(method -> wider.addMethod(method.getMethodDescriptor()));
        ServerServiceDefinition.Builder definition = ServerServiceDefinition.builder(wider.build());
        methods.forEach(definition::addMethod);
        return definition.build();
    }

    private static <Q, A> ServerMethodDefinition<Q, A> named(String service, String name, ServerMethodDefinition<Q, A> method) {
        // a schema descriptor would tell the original name
        MethodDescriptor<Q, A> descriptor = method.getMethodDescriptor().toBuilder()
                .setFullMethodName(MethodDescriptor.generateFullMethodName(service, name)).setSchemaDescriptor(null).build();
        return ServerMethodDefinition.create(descriptor, method.getServerCallHandler());
    }
}
