package org.openkas.testkit;

import java.util.List;
import org.openkas.cluster.AgentTracker;
import org.openkas.cluster.TrackerException;
import org.openkas.common.AgentType;
import org.openkas.proto.agenttracker.ConnectedAgentInfo;

/** Shared state that cannot be reached. */
public final class FailingTracker implements AgentTracker {

    private static TrackerException failure() {
        return new TrackerException("connection refused", new java.io.IOException("connection refused"));
    }

    @Override
    public void register(AgentType type, ConnectedAgentInfo connection, boolean refreshed) throws TrackerException {
        throw failure();
    }

    @Override
    public void unregister(AgentType type, ConnectedAgentInfo connection) throws TrackerException {
        throw failure();
    }

    @Override
    public List<ConnectedAgentInfo> byAgent(long agentId) throws TrackerException {
        throw failure();
    }

    @Override
    public List<ConnectedAgentInfo> byProject(long projectId) throws TrackerException {
        throw failure();
    }

    @Override
    public List<ConnectedAgentInfo> all() throws TrackerException {
        throw failure();
    }

    @Override
    public long connectedAgents() throws TrackerException {
        throw failure();
    }
}
