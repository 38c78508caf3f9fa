package org.openkas.grpc;

import io.grpc.HandlerRegistry;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The methods of a listener, which know where their calls are handled: on threads that may block, or, for handlers that only
 * pass events on, right where the events arise. Thread-safe.
 */
public abstract class CallMethods extends HandlerRegistry {

    /** A service whose handlers, and everything that they call, never block. */
    public interface EventDriven {
    }

    /** A service whose unary calls may stay without an answer as long as streams do. */
    public interface LongPolls {
    }

    /** Whether unary calls of the method with this canonical full name may stay without an answer for long. */
    public abstract boolean longPoll(String fullName);

    /** Whether the handler of the method with this canonical full name never blocks. */
    public abstract boolean eventDriven(String fullName);

    final ServerCallExecutorSupplier executors() {
        return new ServerCallExecutorSupplier() {
            @Override
            public <Q, R> @Nullable Executor getExecutor(ServerCall<Q, R> call, Metadata headers) {
                // the library keeps a call's events in order, wherever they are handled
                return eventDriven(call.getMethodDescriptor().getFullMethodName()) ? Runnable::run : null;
            }
        };
    }
}
