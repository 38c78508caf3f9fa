package org.openkas.routing;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.MethodDescriptor;
import java.util.concurrent.Executor;
import org.openkas.common.AgentType;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.reversetunnel.AgentKey;
import org.openkas.reversetunnel.TunnelRegistry;

/** Calls agents through the tunnels that end at this server. Thread-safe. */
public final class LocalAgentChannels implements AgentChannels {
    private final Surroundings surroundings;

    /** What calls use. */
    record Surroundings(TunnelRegistry registry, RoutingMetrics metrics, Timers timers, Executor executor, Log log) {
    }

    /** {@code executor} starts each task on a virtual thread; it runs what callers are told outside of a tunnel's own events. */
    public LocalAgentChannels(TunnelRegistry registry, RoutingMetrics metrics, Timers timers, Executor executor, Log log) {
        surroundings = new Surroundings(registry, metrics, timers, executor, log);
    }

    @Override
    public Channel to(AgentType type, long agentId) {
        AgentKey agent = new AgentKey(type, agentId);
        return new Channel() {
            @Override
            public <Q, R> ClientCall<Q, R> newCall(MethodDescriptor<Q, R> method, CallOptions options) {
                return new TunnelCall<>(agent, method, options, surroundings);
            }

            @Override
            public String authority() {
                return "agent";
            }
        };
    }
}
