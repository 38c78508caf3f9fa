package org.openkas.agentconfiguration;

import com.google.protobuf.Timestamp;
import java.time.Instant;
import org.openkas.cluster.AgentTracker;
import org.openkas.cluster.TrackerException;
import org.openkas.common.AgentType;
import org.openkas.common.Log;
import org.openkas.gitlab.AgentInfo;
import org.openkas.proto.agentconfiguration.ConfigurationRequest;
import org.openkas.proto.agenttracker.ConnectedAgentInfo;

/** Shows an agent as connected while its stream is open (chapter 01 §5.2.4). Owned by one stream. */
final class Registration {
    private final AgentTracker tracker;
    private final ConnectedAgentInfo connection;

    /** Not written yet. {@code began} is when the stream did. */
    Registration(AgentTracker tracker, AgentInfo agent, ConfigurationRequest request, long connectionId, Instant began) {
        this.tracker = tracker;
        ConnectedAgentInfo.Builder builder = ConnectedAgentInfo.newBuilder().setAgentId(agent.agentId()).setProjectId(agent.projectId())
                .setConnectionId(connectionId)
                .setConnectedAt(Timestamp.newBuilder().setSeconds(began.getEpochSecond()).setNanos(began.getNano()));
        if (request.hasAgentMeta()) {
            builder.setAgentMeta(request.getAgentMeta());
        }
        connection = builder.build();
    }

    void begin(Log log) {
        try {
            tracker.register(AgentType.AGENTK, connection, true);
        } catch (TrackerException e) {
            log.withError(e).error("Failed to register agent");
        }
    }

    /** Also after a failed begin, which may have written a part. */
    void end(Log log) {
        try {
            tracker.unregister(AgentType.AGENTK, connection);
        } catch (TrackerException e) {
            log.withError(e).error("Failed to unregister agent");
        }
    }
}
