package org.openkas.reversetunnel;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.random.RandomGenerator;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.common.Timers;
import org.openkas.grpc.CallContext;
import org.openkas.proto.reversetunnel.ConnectRequest;
import org.openkas.proto.reversetunnel.ConnectResponse;
import org.openkas.proto.reversetunnel.ReverseTunnelGrpc;

/**
 * ReverseTunnel of the agents' API (chapter 01 §5.7, chapter 04 §2). Expects {@link CallContext#TOKEN}, {@link
 * CallContext#AGE} and {@link CallContext#LOG} in the context of a call. Thread-safe.
 */
public final class ReverseTunnelService extends ReverseTunnelGrpc.ReverseTunnelImplBase {
    private final AgentIdentification agents;
    private final TunnelRegistry registry;
    private final Timers timers;
    private final RandomGenerator random;

    /** Brings tunnels to {@code registry}. */
    public ReverseTunnelService(AgentIdentification agents, TunnelRegistry registry, Timers timers, RandomGenerator random) {
        this.agents = agents;
        this.registry = registry;
        this.timers = timers;
        this.random = random;
    }

    @Override
    public StreamObserver<ConnectRequest> connect(StreamObserver<ConnectResponse> responses) {
        AgentToken token = CallContext.TOKEN.get();
        ServerCallStreamObserver<ConnectResponse> stream = (ServerCallStreamObserver<ConnectResponse>) responses;
        stream.disableAutoRequest();
        ConnectStream connect = new ConnectStream(stream, registry, timers, random, CallContext.AGE.get());
        stream.setOnCancelHandler(connect::cancelled);
        stream.setOnReadyHandler(connect::ready);
        // tokens of other kinds of agents are never checked as those of agentk
        if (token == null || token.type() != AgentType.AGENTK) {
            connect.end(Status.UNAUTHENTICATED.withDescription("unauthenticated"));
        } else {
            connect.identify(agents, token, CallContext.LOG.get());
        }
        return connect;
    }
}
