package org.openkas.reversetunnel;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.common.Timers;
import org.openkas.gitlab.AgentIdentification;
import org.openkas.grpc.CallContext;
import org.openkas.grpc.CallMethods;
import org.openkas.proto.reversetunnel.ConnectRequest;
import org.openkas.proto.reversetunnel.ConnectResponse;
import org.openkas.proto.reversetunnel.ReverseTunnelGrpc;

/**
 * ReverseTunnel of the agents' API (chapter 01 §5.7, chapter 04 §2). Expects {@link CallContext#TOKEN}, {@link
 * CallContext#AGE} and {@link CallContext#LOG} in the context of a call. Thread-safe.
 */
public final class ReverseTunnelService extends ReverseTunnelGrpc.ReverseTunnelImplBase implements CallMethods.EventDriven {
    private final ConnectStream.Parts parts;

    /** Brings tunnels to {@code registry}. {@code executor} runs look-ups, which block, each on a virtual thread. */
    public ReverseTunnelService(AgentIdentification agents, TunnelRegistry registry, Timers timers, RandomGenerator random,
            Executor executor) {
        parts = new ConnectStream.Parts(agents, new Descriptions(), registry, timers, random, executor);
    }

    @Override
    public StreamObserver<ConnectRequest> connect(StreamObserver<ConnectResponse> responses) {
        AgentToken token = CallContext.TOKEN.get();
        ServerCallStreamObserver<ConnectResponse> stream = (ServerCallStreamObserver<ConnectResponse>) responses;
        stream.disableAutoRequest();
        ConnectStream connect = new ConnectStream(parts, stream, CallContext.LOG.get(), CallContext.EARLY_END.get());
        stream.setOnCancelHandler(connect::cancelled);
        stream.setOnCloseHandler(connect::cancelled);
        stream.setOnReadyHandler(connect::ready);
        // tokens of other kinds of agents are never checked as those of agentk
        if (token == null || token.type() != AgentType.AGENTK) {
            connect.end(Status.UNAUTHENTICATED.withDescription("unauthenticated"));
        } else {
            connect.identify(token, CallContext.AGE.get());
        }
        return connect;
    }
}
