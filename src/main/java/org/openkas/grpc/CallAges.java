package org.openkas.grpc;

import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerTransportFilter;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.random.RandomGenerator;
import org.openkas.common.Timers;

/**
 * Gives every call of a listener its {@link CallAge}: it ends when the connection is 30 % of the greatest age old, plus
 * a random 0 to 5 % of what remained of that when the call began (chapter 01 §3.3), or when the listener drains. A call
 * costs a timer only while somebody waits for its end. Thread-safe.
 */
final class CallAges extends ServerTransportFilter implements ServerInterceptor {
    private static final Attributes.Key<Long> CONNECTED = Attributes.Key.create("openkas-connected-nanos");
    private static final double WAITING_SHARE = 0.30;
    private static final double JITTER = 0.05;

    private final Timers timers;
    private final RandomGenerator random;
    private final double waitingNanos;
    private final Set<AgeOfCall> awaited = ConcurrentHashMap.newKeySet();
    private volatile boolean draining;

    CallAges(Timers timers, RandomGenerator random, Duration maxConnectionAge) {
        this.timers = timers;
        this.random = random;
        waitingNanos = WAITING_SHARE * (double) maxConnectionAge.toNanos();
    }

    @Override
    public Attributes transportReady(Attributes attributes) {
        return attributes.toBuilder().set(CONNECTED, timers.nanos()).build();
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        Long connected = call.getAttributes().get(CONNECTED);
        long now = timers.nanos();
        double remaining = waitingNanos - (connected == null ? 0 : now - connected);
        long wait = (long) (remaining * (1 + JITTER * random.nextDouble()));
        Context context = Context.current();
        CallAge age = new AgeOfCall(this, timers, context, now + wait);
        return Contexts.interceptCall(context.withValue(CallContext.AGE, age), call, headers, next);
    }

    /** Ends all ages, and those of later calls as they begin. What it returns is down when the actions have run. */
    CountDownLatch drain() {
        draining = true;
        List<AgeOfCall> all = List.copyOf(awaited);
        CountDownLatch running = new CountDownLatch(all.size());
        for (AgeOfCall age : all) {
            timers.after(Duration.ZERO, () -> {
                try {
                    age.end();
                } finally {
                    running.countDown();
                }
            });
        }
        return running;
    }

    boolean draining() {
        return draining;
    }

    void await(AgeOfCall age) {
        awaited.add(age);
    }

    void forget(AgeOfCall age) {
        awaited.remove(age);
    }
}
