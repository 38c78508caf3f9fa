package org.openkas.grpc;

import io.grpc.ServerStreamTracer;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import org.openkas.common.Timers;
import org.openkas.net.EventLoops;

/**
 * What listeners share.
 *
 * @param loops threads that move bytes
 * @param executor runs calls; tasks may block, so it starts a virtual thread for each
 * @param timers the clock
 * @param random jitter; thread-safe
 * @param traces sees every call, such as {@link ServedCallTraces}; nothing where calls are not traced
 */
public record ListenerRuntime(EventLoops loops, Executor executor, Timers timers, RandomGenerator random,
        Optional<ServerStreamTracer.Factory> traces) {

    /** Without traces. */
    public ListenerRuntime(EventLoops loops, Executor executor, Timers timers, RandomGenerator random) {
        this(loops, executor, timers, random, Optional.empty());
    }
}
