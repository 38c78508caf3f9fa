package org.openkas.cluster;

import java.util.List;
import org.openkas.common.AgentType;
import org.openkas.proto.agenttracker.ConnectedAgentInfo;

/** Which agents are connected, to any server (chapter 04 §8). Implementations are thread-safe. */
public interface AgentTracker {

    /**
     * Records or renews a connection, identified by type, agent, project and connection id.
     *
     * @param refreshed true: the record lives until {@link #unregister}; false: until its time to live has passed without
     *        another call
     * @throws TrackerException if the state cannot be written
     */
    void register(AgentType type, ConnectedAgentInfo connection, boolean refreshed) throws TrackerException;

    /** Removes a connection; without effect if it is not there. */
    void unregister(AgentType type, ConnectedAgentInfo connection) throws TrackerException;

    /** The live connections of one agent for Kubernetes, in no particular order. */
    List<ConnectedAgentInfo> byAgent(long agentId) throws TrackerException;

    /** The live connections of the agents for Kubernetes that a project configures, in no particular order. */
    List<ConnectedAgentInfo> byProject(long projectId) throws TrackerException;

    /** All live connections of agents for Kubernetes. */
    List<ConnectedAgentInfo> all() throws TrackerException;

    /** How many different agents for Kubernetes are connected. */
    long connectedAgents() throws TrackerException;
}
