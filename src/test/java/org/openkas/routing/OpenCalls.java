package org.openkas.routing;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.openkas.common.AgentToken;
import org.openkas.grpc.CallAge;
import org.openkas.grpc.CallContext;

/** The Connect calls of a server, each known by its token, and what became of them. */
final class OpenCalls implements ServerInterceptor {
    static final Metadata.Key<String> TOKEN = Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER);

    final Map<String, One> all = new ConcurrentHashMap<>();
    private final CallAge age;

    /** One call. */
    static final class One {
        volatile boolean identified;
        /** By the server or by the agent; the agent may not have seen it. */
        volatile boolean closed;
        /** How often gRPC has told its end. */
        volatile int ends;
    }

    OpenCalls(CallAge age) {
        this.age = age;
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        One one = new One();
        String token = headers.get(TOKEN);
        all.put(token, one);
        Context context = Context.current().withValues(CallContext.TOKEN, AgentToken.ofAgentk(token), CallContext.AGE, age);
        return new SimpleForwardingServerCallListener<>(Contexts.interceptCall(context, new SimpleForwardingServerCall<>(call) {
            @Override
            public void close(Status status, Metadata trailers) {
                one.closed = true;
                super.close(status, trailers);
            }
        }, headers, next)) {
            @Override
            public void onComplete() {
                one.ends++;
                super.onComplete();
            }

            @Override
            public void onCancel() {
                one.closed = true;
                one.ends++;
                super.onCancel();
            }
        };
    }

    /** Calls whose end gRPC has not told. */
    int unfinished() {
        return (int) all.values().stream().filter(one -> one.ends == 0).count();
    }

    /** Calls that nobody has ended, whose agent is known or is not. */
    int open(boolean identified) {
        return (int) all.values().stream().filter(one -> !one.closed && one.identified == identified).count();
    }
}
