package org.openkas.cluster;

import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.openkas.common.AgentType;
import org.openkas.common.Timers;
import org.openkas.proto.agenttracker.ConnectedAgentInfo;

/**
 * Connections of the agents of this one server (chapter 04 §8). Thread-safe; nothing here waits for anything but the
 * other calls, and each call costs time in proportion to its answer.
 *
 * <p>
 * An agent that announces itself does so every five minutes, which is also the usual time to live. So that its record
 * outlasts one period and the call's own delays, an unrefreshed record lives for the longer of the two and
 * {@link #DELAY} more.
 */
public final class MemoryAgentTracker implements AgentTracker {
    /** How often agentk registers again. */
    static final Duration PERIOD = Duration.ofMinutes(5);
    /** How late a registration may come. */
    static final Duration DELAY = Duration.ofMinutes(1);

    private final Map<AgentType, ConnectionIndex> connections = new EnumMap<>(AgentType.class);

    /** @param ttl {@code agent.redis_conn_info_ttl}, 300 s unless configured */
    public MemoryAgentTracker(Timers timers, Duration ttl) {
        Duration life = (ttl.compareTo(PERIOD) > 0 ? ttl : PERIOD).plus(DELAY);
        for (AgentType type : AgentType.values()) {
            connections.put(type, new ConnectionIndex(timers, life));
        }
    }

    @Override
    public void register(AgentType type, ConnectedAgentInfo connection, boolean refreshed) {
        of(type).put(connection, refreshed);
    }

    @Override
    public void unregister(AgentType type, ConnectedAgentInfo connection) {
        of(type).remove(connection);
    }

    @Override
    public List<ConnectedAgentInfo> byAgent(long agentId) {
        return of(AgentType.AGENTK).byAgent(agentId);
    }

    @Override
    public List<ConnectedAgentInfo> byProject(long projectId) {
        return of(AgentType.AGENTK).byProject(projectId);
    }

    @Override
    public List<ConnectedAgentInfo> all() {
        return of(AgentType.AGENTK).all();
    }

    @Override
    public long connectedAgents() {
        return of(AgentType.AGENTK).agents();
    }

    private ConnectionIndex of(AgentType type) {
        return Objects.requireNonNull(connections.get(type));
    }
}
