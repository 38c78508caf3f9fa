package org.openkas.gitaly;

import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.ProxyDetector;
import io.grpc.Status;
import io.grpc.StatusOr;
import io.grpc.SynchronizationContext;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.openkas.common.Timers;

/**
 * Keeps a channel told of all addresses of a host (chapter 02 §5.3): looks the host up every five minutes, when the channel
 * asks, and after a failure with a growing wait. When a lookup fails the channel keeps the addresses that it has. Everything
 * but the lookups themselves runs in the channel's synchronization context.
 */
final class RefreshingNameResolver extends NameResolver {
    private static final Duration REFRESH = Duration.ofMinutes(5);
    private static final Duration LOOKUP_LIMIT = Duration.ofSeconds(15);
    private static final double FIRST_WAIT_MILLIS = 1_000;
    private static final double LONGEST_WAIT_MILLIS = 60_000;
    private static final double GROWTH = 1.5;
    private static final double JITTER_MILLIS = 200;

    private final GitalyAddress.HostPort target;
    private final HostLookup lookup;
    private final Timers timers;
    private final RandomGenerator random;
    private final SynchronizationContext context;
    private final ProxyDetector proxies;
    private @Nullable Listener2 listener;
    private Timers.Cancellable timer = () -> {
    };
    // each lookup has a number; answers of any but the last one are too late
    private long lookups;
    private boolean running;
    private boolean again;
    private int failures;
    private boolean closed;

    RefreshingNameResolver(GitalyAddress.HostPort target, HostLookup lookup, Timers timers, RandomGenerator random, Args args) {
        this.target = target;
        this.lookup = lookup;
        this.timers = timers;
        this.random = random;
        context = args.getSynchronizationContext();
        proxies = args.getProxyDetector();
    }

    @Override
    public String getServiceAuthority() {
        return target.authority();
    }

    @Override
    public void start(Listener2 newListener) {
        listener = newListener;
        begin();
    }

    @Override
    public void refresh() {
        if (running) {
            again = true;
        } else if (!closed) {
            begin();
        }
    }

    @Override
    public void shutdown() {
        closed = true;
        timer.cancel();
    }

    private void begin() {
        timer.cancel();
        running = true;
        again = false;
        long number = ++lookups;
        timer = timers.after(LOOKUP_LIMIT,
                () -> finish(number, Optional.empty(), "no answer within " + LOOKUP_LIMIT.toSeconds() + " s"));
        timers.after(Duration.ZERO, () -> look(number));
    }

    private void look(long number) {
        try {
            finish(number, Optional.of(lookup.addresses(target.host())), "");
        } catch (IOException e) {
            finish(number, Optional.empty(), "lookup " + target.host() + ": " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            finish(number, Optional.empty(), "interrupted");
        }
    }

    private void finish(long number, Optional<List<InetAddress>> addresses, String failure) {
        context.execute(() -> {
            if (closed || !running || number != lookups || listener == null) {
                return;
            }
            running = false;
            timer.cancel();
            boolean taken = offer(listener, addresses, failure);
            failures = taken ? 0 : failures + 1;
            if (again && taken) {
                begin();
            } else {
                timer = timers.after(taken ? REFRESH : backoff(), () -> context.execute(this::refresh));
            }
        });
    }

    private boolean offer(Listener2 to, Optional<List<InetAddress>> addresses, String failure) {
        if (addresses.isEmpty()) {
            to.onError(Status.UNAVAILABLE.withDescription("dns: record resolve error: " + failure));
            return false;
        }
        StatusOr<List<EquivalentAddressGroup>> groups;
        try {
            List<EquivalentAddressGroup> all = new java.util.ArrayList<>();
            for (InetAddress address : addresses.get()) {
                InetSocketAddress socket = new InetSocketAddress(address, target.port());
                SocketAddress proxied = proxies.proxyFor(socket);
                all.add(new EquivalentAddressGroup(proxied == null ? socket : proxied));
            }
            groups = StatusOr.fromValue(all);
        } catch (IOException e) {
            groups = StatusOr.fromStatus(Status.UNAVAILABLE.withDescription("no proxy can be found").withCause(e));
        }
        return to.onResult2(ResolutionResult.newBuilder().setAddressesOrError(groups).build()).isOk();
    }

    private Duration backoff() {
        double base = Math.min(LONGEST_WAIT_MILLIS, FIRST_WAIT_MILLIS * Math.pow(GROWTH, failures - 1.0));
        return Duration.ofMillis(Math.round(base + random.nextDouble() * JITTER_MILLIS));
    }
}
