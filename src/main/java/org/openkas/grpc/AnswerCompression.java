package org.openkas.grpc;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;

/** Answers a call with the compression of its request, as the reference does (chapter 01 §2.8). Stateless. */
public final class AnswerCompression implements ServerInterceptor {
    private static final Metadata.Key<String> ENCODING = Metadata.Key.of("grpc-encoding", Metadata.ASCII_STRING_MARSHALLER);
    private static final String GZIP = "gzip";

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        if (GZIP.equals(headers.get(ENCODING))) {
            call.setCompression(GZIP);
        }
        return next.startCall(call, headers);
    }
}
