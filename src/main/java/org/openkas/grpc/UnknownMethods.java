package org.openkas.grpc;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import java.io.InputStream;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.openkas.common.GoText;

/** Answers calls of methods that nobody serves, in the words of the Go KAS (chapter 01 §3.1). Thread-safe. */
public final class UnknownMethods {
    private final Predicate<String> knownService;

    /** {@code knownService} tells whether a service of that full name is served. */
    public UnknownMethods(Predicate<String> knownService) {
        this.knownService = knownService;
    }

    /** A definition that refuses the call; {@code fullName} is the path without its leading slash. */
    public ServerMethodDefinition<?, ?> answer(String fullName) {
        return answer(fullName, headers -> {
        });
    }

    /** As {@link #answer(String)}, and tells {@code observer} the metadata of each call. */
    public ServerMethodDefinition<?, ?> answer(String fullName, Consumer<Metadata> observer) {
        Status status = Status.UNIMPLEMENTED.withDescription(text(fullName));
        ServerCallHandler<InputStream, InputStream> refusal = (call, headers) -> {
            observer.accept(headers);
            call.close(status, new Metadata());
            return new ServerCall.Listener<>() {
            };
        };
        MethodDescriptor<InputStream, InputStream> descriptor = MethodDescriptor.<InputStream, InputStream>newBuilder()
                .setType(MethodDescriptor.MethodType.UNKNOWN).setFullMethodName(fullName).setRequestMarshaller(new StreamMarshaller())
                .setResponseMarshaller(new StreamMarshaller()).build();
        return ServerMethodDefinition.create(descriptor, refusal);
    }

    private String text(String fullName) {
        int slash = fullName.lastIndexOf('/');
        if (slash < 0) {
            return "malformed method name: " + GoText.quoted("/" + fullName);
        }
        String service = fullName.substring(0, slash);
        return knownService.test(service)
                ? "unknown method " + fullName.substring(slash + 1) + " for service " + service
                : "unknown service " + service;
    }
}
