package org.openkas.railsapi;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import org.openkas.common.Log;
import org.openkas.grpc.CallContext;

/** Gives each call its logger. */
record LoggedCalls(Log log) implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        Log ofCall = log.with("grpc_service", String.valueOf(call.getMethodDescriptor().getServiceName())).with("grpc_method",
                String.valueOf(call.getMethodDescriptor().getBareMethodName()));
        return Contexts.interceptCall(Context.current().withValue(CallContext.LOG, ofCall), call, headers, next);
    }
}
