package org.openkas.testkit;

import com.google.protobuf.Timestamp;
import org.openkas.proto.agenttracker.ConnectedAgentInfo;
import org.openkas.proto.entity.AgentMeta;

/** Connections of agents, as records show them. */
public final class Agents {
    private Agents() {
    }

    /** A connection of a v16.5.0 agent. */
    public static ConnectedAgentInfo connection(long projectId, long agentId, long connectionId) {
        return connection(projectId, agentId, connectionId, "v16.5.0");
    }

    public static ConnectedAgentInfo connection(long projectId, long agentId, long connectionId, String version) {
        return ConnectedAgentInfo.newBuilder().setProjectId(projectId).setAgentId(agentId).setConnectionId(connectionId)
                .setConnectedAt(Timestamp.newBuilder().setSeconds(1_700_000_000))
                .setAgentMeta(AgentMeta.newBuilder().setVersion(version).setCommitId("c0ffee").setPodNamespace("ns")
                        .setPodName("pod-" + connectionId))
                .build();
    }
}
