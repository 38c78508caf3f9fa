package org.openkas.agenttracker;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.openkas.cluster.AgentTracker;
import org.openkas.cluster.TrackerException;
import org.openkas.proto.agenttracker.ConnectedAgentInfo;
import org.openkas.proto.agenttracker.CountAgentsByAgentVersionsResponse;
import org.openkas.proto.agenttracker.GetConnectedAgentsByAgentIDsRequest;
import org.openkas.proto.agenttracker.GetConnectedAgentsByAgentIDsResponse;
import org.openkas.proto.agenttracker.GetConnectedAgentsByProjectIDsRequest;
import org.openkas.proto.agenttracker.GetConnectedAgentsByProjectIDsResponse;
import org.openkas.proto.agenttracker.GetConnectedAgentsRequest;
import org.openkas.proto.agenttracker.GetConnectedAgentsResponse;

/** Turns the tracker's records into answers. Thread-safe. */
final class TrackerAnswers {
    private final AgentTracker tracker;

    TrackerAnswers(AgentTracker tracker) {
        this.tracker = tracker;
    }

    GetConnectedAgentsResponse connectedAgents(GetConnectedAgentsRequest request) throws TrackerException {
        List<ConnectedAgentInfo> agents = switch (request.getRequestCase()) {
            case AGENT_ID -> tracker.byAgent(request.getAgentId());
            case PROJECT_ID -> tracker.byProject(request.getProjectId());
            // the listener's validation turns it away before it gets here
            case REQUEST_NOT_SET -> throw new IllegalArgumentException("GetConnectedAgentsRequest without an id");
        };
        return GetConnectedAgentsResponse.newBuilder().addAllAgents(agents).build();
    }

    GetConnectedAgentsByAgentIDsResponse byAgents(GetConnectedAgentsByAgentIDsRequest request) throws TrackerException {
        GetConnectedAgentsByAgentIDsResponse.Builder response = GetConnectedAgentsByAgentIDsResponse.newBuilder();
        for (long id : new LinkedHashSet<>(request.getAgentIdsList())) {
            response.addAllAgents(tracker.byAgent(id));
        }
        return response.build();
    }

    GetConnectedAgentsByProjectIDsResponse byProjects(GetConnectedAgentsByProjectIDsRequest request) throws TrackerException {
        GetConnectedAgentsByProjectIDsResponse.Builder response = GetConnectedAgentsByProjectIDsResponse.newBuilder();
        for (long id : new LinkedHashSet<>(request.getProjectIdsList())) {
            response.addAllAgents(tracker.byProject(id));
        }
        return response.build();
    }

    /** Agents, not connections: an agent with several Pods of one version counts once for it. */
    CountAgentsByAgentVersionsResponse countByVersion() throws TrackerException {
        Map<String, Set<Long>> agents = new HashMap<>();
        for (ConnectedAgentInfo connection : tracker.all()) {
            agents.computeIfAbsent(connection.getAgentMeta().getVersion(), version -> new HashSet<>()).add(connection.getAgentId());
        }
        CountAgentsByAgentVersionsResponse.Builder response = CountAgentsByAgentVersionsResponse.newBuilder();
        agents.forEach((version, ids) -> response.putAgentVersions(version, ids.size()));
        return response.build();
    }
}
