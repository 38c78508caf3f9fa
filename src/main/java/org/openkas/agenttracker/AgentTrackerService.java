package org.openkas.agenttracker;

import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.StreamObserver;
import java.util.Map;
import org.openkas.cluster.AgentTracker;
import org.openkas.proto.agenttracker.AgentTrackerGrpc;
import org.openkas.proto.agenttracker.CountAgentsByAgentVersionsRequest;
import org.openkas.proto.agenttracker.CountAgentsByAgentVersionsResponse;
import org.openkas.proto.agenttracker.GetConnectedAgentsByAgentIDsRequest;
import org.openkas.proto.agenttracker.GetConnectedAgentsByAgentIDsResponse;
import org.openkas.proto.agenttracker.GetConnectedAgentsByProjectIDsRequest;
import org.openkas.proto.agenttracker.GetConnectedAgentsByProjectIDsResponse;
import org.openkas.proto.agenttracker.GetConnectedAgentsRequest;
import org.openkas.proto.agenttracker.GetConnectedAgentsResponse;

/**
 * {@code gitlab.agent.agent_tracker.rpc.AgentTracker} in all the spellings that GitLab 14 to 19 uses (chapter 06 §7.1,
 * §11.2). Thread-safe; calls block while the tracker does.
 */
public final class AgentTrackerService implements BindableService {
    private static final String BY_AGENT = "GetConnectionsByAgentId() failed";
    private static final String BY_PROJECT = "GetConnectionsByProjectId() failed";
    private static final String COUNT = "CountAgentsByAgentVersions() failed";
    /** The names of later and earlier releases, and the methods that answer them. Same messages, other name. */
    private static final Map<String, String> OTHER_NAMES = Map.of("GetConnectedAgentsByProjectIds", "GetConnectedAgentsByProjectIDs",
            "GetConnectedAgentsByAgentIds", "GetConnectedAgentsByAgentIDs", "GetConnectedAgentksByProjectIDs",
            "GetConnectedAgentsByProjectIDs",
            "GetConnectedAgentksByAgentIDs", "GetConnectedAgentsByAgentIDs");

    private final TrackerAnswers answers;

    /** Answers from the records of {@code tracker}. */
    public AgentTrackerService(AgentTracker tracker) {
        answers = new TrackerAnswers(tracker);
    }

    @Override
    public ServerServiceDefinition bindService() {
        return OtherNames.add(AgentTrackerGrpc.bindService(new Calls()), OTHER_NAMES);
    }

    private final class Calls implements AgentTrackerGrpc.AsyncService {

        @Override
        public void getConnectedAgents(GetConnectedAgentsRequest request, StreamObserver<GetConnectedAgentsResponse> response) {
            String failed = request.hasAgentId() ? BY_AGENT : BY_PROJECT;
            TrackerCall.answer(response, failed, () -> answers.connectedAgents(request));
        }

        @Override
        public void getConnectedAgentsByProjectIDs(GetConnectedAgentsByProjectIDsRequest request,
                StreamObserver<GetConnectedAgentsByProjectIDsResponse> response) {
            TrackerCall.answer(response, BY_PROJECT, () -> answers.byProjects(request));
        }

        @Override
        public void getConnectedAgentsByAgentIDs(GetConnectedAgentsByAgentIDsRequest request,
                StreamObserver<GetConnectedAgentsByAgentIDsResponse> response) {
            TrackerCall.answer(response, BY_AGENT, () -> answers.byAgents(request));
        }

        @Override
        public void countAgentsByAgentVersions(CountAgentsByAgentVersionsRequest request,
                StreamObserver<CountAgentsByAgentVersionsResponse> response) {
            TrackerCall.answer(response, COUNT, answers::countByVersion);
        }
    }
}
