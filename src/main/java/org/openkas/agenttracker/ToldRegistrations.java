package org.openkas.agenttracker;

import java.util.List;
import org.openkas.cluster.AgentTracker;
import org.openkas.cluster.TrackerException;
import org.openkas.common.AgentType;
import org.openkas.proto.agenttracker.ConnectedAgentInfo;
import org.openkas.proto.entity.KubernetesVersion;
import org.openkas.usage.RegisteredAgent;
import org.openkas.usage.UsageEvents;

/**
 * A tracker that tells GitLab's analytics of agents that register at this server (chapter 02 §9.3), as far as the agents say what
 * they are. Thread-safe.
 *
 * @param tracker does the work
 */
public record ToldRegistrations(AgentTracker tracker, UsageEvents events) implements AgentTracker {

    @Override
    public void register(AgentType type, ConnectedAgentInfo connection, boolean refreshed) throws TrackerException {
        tracker.register(type, connection, refreshed);
        if (type == AgentType.AGENTK) {
            KubernetesVersion kubernetes = connection.getAgentMeta().getKubernetesVersion();
            String platform = kubernetes.getPlatform();
            events.registered(
                    new RegisteredAgent(connection.getProjectId(), connection.getAgentId(), connection.getAgentMeta().getVersion(),
                            platform.substring(platform.lastIndexOf('/') + 1), kubernetes.getGitVersion()),
                    connection.getConnectionId());
        }
    }

    @Override
    public void unregister(AgentType type, ConnectedAgentInfo connection) throws TrackerException {
        tracker.unregister(type, connection);
    }

    @Override
    public List<ConnectedAgentInfo> byAgent(long agentId) throws TrackerException {
        return tracker.byAgent(agentId);
    }

    @Override
    public List<ConnectedAgentInfo> byProject(long projectId) throws TrackerException {
        return tracker.byProject(projectId);
    }

    @Override
    public List<ConnectedAgentInfo> all() throws TrackerException {
        return tracker.all();
    }

    @Override
    public long connectedAgents() throws TrackerException {
        return tracker.connectedAgents();
    }
}
