package org.openkas.railsapi;

import io.grpc.BindableService;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import java.time.Duration;
import java.util.List;
import org.openkas.common.Log;
import org.openkas.grpc.GrpcListener;
import org.openkas.grpc.ListenerRuntime;
import org.openkas.grpc.ListenerSettings;
import org.openkas.grpc.MethodTable;
import org.openkas.net.BoundAddress;
import org.openkas.net.ListenException;

/**
 * The listener that GitLab calls (chapter 06), {@code api.listen} in the configuration. A call is looked up, its request
 * read, and then handed through the interceptors to its service; so neither an unknown method nor an unreadable request
 * asks for a token. Life: {@link #start}, then {@link #drain} or {@link #close}; each from one thread.
 */
public final class RailsApiServer implements AutoCloseable {
    private final GrpcListener listener;
    private final Log log;

    /**
     * Prepares the listener.
     *
     * @param services everything that GitLab may call
     * @param gate what stands in front of each call
     * @throws ListenException if the address text cannot be resolved
     */
    public RailsApiServer(ListenerSettings settings, ListenerRuntime runtime, List<? extends BindableService> services,
            RailsGate gate, Log log) throws ListenException {
        this.log = log;
        listener = new GrpcListener(settings, runtime, methods(services, gate.interceptors(runtime.random())));
    }

    static MethodTable methods(List<? extends BindableService> services, List<ServerInterceptor> interceptors) {
        List<BindableService> guarded = services.stream()
                .<BindableService>map(
                        service -> () -> RequestFirst.before(ServerInterceptors.interceptForward(service, interceptors)))
                .toList();
        return new MethodTable(guarded, List.of());
    }

    /**
     * Binds, begins to accept connections and says so in the log.
     *
     * @throws ListenException with a text like {@code listen tcp 127.0.0.1:8153: bind: address already in use}
     */
    public void start() throws ListenException {
        listener.start();
        BoundAddress bound = listener.bound();
        log.with("net_network", bound.network()).with("net_address", bound.address()).info("API endpoint is up");
    }

    /** Where it listens. Only after {@link #start}. */
    public BoundAddress bound() {
        return listener.bound();
    }

    /**
     * Ends in good order: accepts for the listen grace period, then lets running calls end, for {@code limit} at most.
     * Blocks.
     *
     * @throws InterruptedException if the thread is interrupted; the listener is closed then
     */
    public void drain(Duration limit) throws InterruptedException {
        listener.drain(limit);
    }

    /** Stops listening and cuts off what runs. */
    @Override
    public void close() {
        listener.close();
    }
}
