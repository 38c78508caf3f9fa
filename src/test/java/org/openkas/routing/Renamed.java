package org.openkas.routing;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.MethodDescriptor;

/** Calls a method under another service's name. */
record Renamed(String service) implements ClientInterceptor {

    static Renamed to(String service) {
        return new Renamed(service);
    }

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        return next.newCall(method.toBuilder().setFullMethodName(service + "/" + method.getBareMethodName()).build(), options);
    }
}
