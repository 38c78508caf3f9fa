package org.openkas.agentapi;

import io.grpc.BindableService;
import io.grpc.ServerInterceptor;
import java.time.Duration;
import java.util.List;
import org.openkas.common.Log;
import org.openkas.grpc.CallMethods;
import org.openkas.grpc.Drainable;
import org.openkas.grpc.GrpcListener;
import org.openkas.grpc.ListenerRuntime;
import org.openkas.grpc.ListenerSettings;
import org.openkas.grpc.MethodTable;
import org.openkas.grpc.Opening;
import org.openkas.net.BoundAddress;
import org.openkas.net.ListenException;

/**
 * The agents' gRPC server on the KAS port (chapter 01): connections in the modes of §2.1, interceptors in the order of
 * §3.5, services below them. Life: {@link #start}, then {@link #drain} or {@link #close}; each from one thread.
 */
public final class AgentServer implements Drainable {
    private final GrpcListener listener;
    private final CallMethods methods;
    private final boolean websocket;
    private final Log log;

    /**
     * Prepares the server.
     *
     * @param services what agents may call
     * @param gate what stands in front of every call
     * @throws ListenException if the configured address cannot be resolved
     */
    public AgentServer(ListenerSettings settings, ListenerRuntime runtime, List<? extends BindableService> services, AgentGate gate,
            Log log)
            throws ListenException {
        List<ServerInterceptor> interceptors = gate.interceptors(runtime.random(), runtime.executor());
        methods = new AgentMethods(new MethodTable(services, interceptors), gate.aliases(), log, runtime.timers());
        listener = new GrpcListener(settings, runtime, methods);
        websocket = settings.opening() instanceof Opening.Http2OrWebSocket;
        this.log = log;
    }

    /** The methods with everything that stands in front of them, for another way in to the same services. */
    public CallMethods methods() {
        return methods;
    }

    /**
     * Binds, accepts and says so in the log; after that the server is ready.
     *
     * @throws ListenException if the address cannot be bound
     */
    public void start() throws ListenException {
        listener.start();
        BoundAddress bound = listener.bound();
        log.with("net_network", bound.network()).with("net_address", bound.address()).with("is_websocket", websocket)
                .info("Agentk API endpoint is up");
    }

    /** Where it listens; after {@link #start}. */
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
