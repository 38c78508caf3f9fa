package org.openkas.routing;

import io.grpc.Channel;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.openkas.common.AgentType;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.reversetunnel.AgentKey;
import org.openkas.reversetunnel.TunnelRegistry;

/**
 * Calls agents through the tunnels that end at this server, and where it has none, through other servers, if there are any
 * (chapter 04 §5).
 * Thread-safe.
 */
public final class TunnelChannels implements AgentChannels {
    private final Surroundings surroundings;

    /** {@code executor} starts each task on a virtual thread; it runs what callers are told outside of a tunnel's own events. */
    public TunnelChannels(TunnelRegistry registry, Optional<Gateways> gateways, RoutingMetrics metrics, Timers timers, Executor executor,
            Log log) {
        surroundings = new Surroundings(registry, gateways, metrics, timers, executor, log);
    }

    @Override
    public Channel to(AgentType type, long agentId) {
        return new AgentChannel(new AgentKey(type, agentId), surroundings);
    }
}
