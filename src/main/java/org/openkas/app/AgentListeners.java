package org.openkas.app;

import io.grpc.ServerInterceptor;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.openkas.agentapi.AgentGate;
import org.openkas.agentapi.AgentServer;
import org.openkas.agentapi.RateExceeded;
import org.openkas.cluster.TokenLimiter;
import org.openkas.config.AgentListenSection;
import org.openkas.config.AgentSection;
import org.openkas.grpc.ConnectionPolicy;
import org.openkas.grpc.GrpcServerMetrics;
import org.openkas.grpc.HandoffListener;
import org.openkas.grpc.HandoffSettings;
import org.openkas.grpc.ListenerSettings;
import org.openkas.grpc.Opening;
import org.openkas.message.MessageRules;
import org.openkas.net.BoundAddress;
import org.openkas.net.ListenException;
import org.openkas.net.Security;
import org.openkas.net.TlsException;

/**
 * The two ways in for agents, which lead to the same services: the KAS port, and WebSockets that somebody else terminates
 * (chapter 01 §2, §3.4). Life: {@link #start}, then {@link #drains} or {@link #close}; each from one thread.
 */
final class AgentListeners implements AutoCloseable {
    private static final int WAYS_IN = 2;
    private static final String AGENT_SERVER = "agent server: ";

    private final AgentServer port;
    private final HandedOverAgents handedOver;
    private final Runnable waitingEnds;

    private AgentListeners(AgentServer port, HandedOverAgents handedOver, Runnable waitingEnds) {
        this.port = port;
        this.handedOver = handedOver;
        this.waitingEnds = waitingEnds;
    }

    /**
     * Puts both together; nothing listens yet.
     *
     * @param limiter says how often a token may call
     * @param waitingEnds ends the streams that wait for calls or jobs; may block for some seconds, and be called again
     * @throws StartException if the configuration names something that cannot be used
     */
    static AgentListeners of(AgentSection section, Agents agents, AgentServices services, TokenLimiter limiter, Runnable waitingEnds,
            GrpcServerMetrics metrics, Ground ground) throws StartException {
        try {
            ListenerSettings settings = settings(section.listen(), ground);
            AgentServer port = new AgentServer(settings, ground.agentRuntime(), services.all(), gate(section, agents, limiter, metrics, ground),
                    ground.log());
            HandedOverAgents handedOver = new HandedOverAgents(
                    () -> new HandoffListener(HandoffSettings.like(settings), ground.agentRuntime(), port.methods()));
            return new AgentListeners(port, handedOver, waitingEnds);
        } catch (TlsException e) {
            throw StartException.of(AGENT_SERVER, e);
        } catch (ListenException e) {
            throw StartException.of("", e);
        }
    }

    private static ListenerSettings settings(AgentListenSection listen, Ground ground) throws TlsException {
        Opening opening = listen.websocket() ? new Opening.Http2OrWebSocket(ground.build().serverName()) : new Opening.Http2();
        ListenPlace place = ListenPlace.of(listen, listen.websocket() ? Security.ALPN_GRPC_AND_WEBSOCKET : Security.ALPN_GRPC);
        return new ListenerSettings(place.address(), place.security(), opening, listen.maxConnectionAge(), listen.listenGracePeriod(),
                ConnectionPolicy.STANDARD);
    }

    private static AgentGate gate(AgentSection section, Agents agents, TokenLimiter limiter, GrpcServerMetrics metrics, Ground ground) {
        ground.limiters().limit(MeasuredTokenLimiter.NAME, "{connection/token/m}", (double) section.listen().connectionsPerTokenPerMinute());
        TokenLimiter measured = new MeasuredTokenLimiter(limiter, ground.limiters(), ground.timers());
        return new AgentGate(metrics, MessageRules::violations, measured, new RateExceeded(ground.metrics().registry()),
                section.methodAliases(), agents.removed().<List<ServerInterceptor>>map(List::of).orElse(List.of()), ground.log());
    }

    /**
     * Binds the port, and takes connections on both ways.
     *
     * @throws ListenException if the address cannot be bound
     */
    void start() throws ListenException {
        port.start();
        handedOver.start();
    }

    /** Where the port is. Only after {@link #start}. */
    BoundAddress bound() {
        return port.bound();
    }

    /** The way in that has no port of its own. */
    HandedOverAgents handedOver() {
        return handedOver;
    }

    /** The ends of both ways, to be run at the same time: streams that wait for calls end when neither way has ages any more. */
    List<Drain> drains() {
        AtomicInteger left = new AtomicInteger(WAYS_IN);
        Runnable agesEnded = () -> {
            if (left.decrementAndGet() == 0) {
                waitingEnds.run();
            }
        };
        return List.of(limit -> port.drain(limit, agesEnded), limit -> handedOver.end(limit, agesEnded));
    }

    /** Cuts off what still runs. */
    @Override
    public void close() {
        waitingEnds.run();
        handedOver.close();
        port.close();
    }
}
