package org.openkas.privateapi;

import io.grpc.BindableService;
import java.time.Duration;
import java.util.List;
import org.openkas.common.Log;
import org.openkas.grpc.Drainable;
import org.openkas.grpc.GrpcListener;
import org.openkas.grpc.ListenerRuntime;
import org.openkas.grpc.ListenerSettings;
import org.openkas.grpc.MethodTable;
import org.openkas.net.BoundAddress;
import org.openkas.net.ListenException;

/**
 * The listener for other servers (chapter 04 §4), {@code private_api.listen} in the configuration. Life: {@link #start}, then
 * {@link #drain} or {@link #close}; each from one thread.
 */
public final class PrivateApiServer implements Drainable {
    private final GrpcListener listener;
    private final Log log;

    /**
     * Prepares the listener.
     *
     * @param services what agents serve, as {@link GatewayService}s; without one the server is no gateway
     * @param gate what stands in front of each call
     * @throws ListenException if the address text cannot be resolved
     */
    public PrivateApiServer(ListenerSettings settings, ListenerRuntime runtime, List<? extends BindableService> services,
            PrivateApiGate gate, Log log) throws ListenException {
        this.log = log;
        listener = new GrpcListener(settings, runtime, new MethodTable(services, gate.interceptors(runtime.random())));
    }

    /**
     * Binds, begins to accept connections and says so in the log.
     *
     * @throws ListenException with a text like {@code listen tcp 127.0.0.1:8155: bind: address already in use}
     */
    public void start() throws ListenException {
        listener.start();
        BoundAddress bound = listener.bound();
        log.with("net_network", bound.network()).with("net_address", bound.address()).info("Private API endpoint is up");
    }

    /** Where it listens. Only after {@link #start}. */
    public BoundAddress bound() {
        return listener.bound();
    }

    @Override
    public void drain(Duration limit, Runnable agesEnded) throws InterruptedException {
        listener.drain(limit, agesEnded);
    }

    @Override
    public void close() {
        listener.close();
    }
}
