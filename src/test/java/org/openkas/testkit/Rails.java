package org.openkas.testkit;

import com.auth0.jwt.algorithms.Algorithm;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.stub.MetadataUtils;
import java.time.Instant;
import java.util.List;
import org.openkas.proto.agenttracker.AgentTrackerGrpc;
import org.openkas.proto.agenttracker.ConnectedAgentInfo;
import org.openkas.proto.agenttracker.GetConnectedAgentsRequest;
import org.openkas.proto.configurationproject.AgentConfigFile;
import org.openkas.proto.configurationproject.ConfigurationProjectGrpc;
import org.openkas.proto.configurationproject.ListAgentConfigFilesRequest;
import org.openkas.proto.event.GitPushEvent;
import org.openkas.proto.event.Project;
import org.openkas.proto.notifications.GitPushEventRequest;
import org.openkas.proto.notifications.NotificationsGrpc;

/** What GitLab Rails asks of the server's API listener, with a new token for each call. */
public final class Rails implements AutoCloseable {
    private final ManagedChannel connection;
    private final byte[] secret;

    /** Rails on the API listener of this host with the secret that both share. */
    public Rails(int port, byte[] secret) {
        connection = AgentChannels.grpc(port);
        this.secret = secret.clone();
    }

    /** Calls on this channel carry {@code token}. */
    public Channel with(String token) {
        return ClientInterceptors.intercept(connection,
                MetadataUtils.newAttachHeadersInterceptor(RailsTokens.authorization("bearer " + token)));
    }

    private Channel authorized() {
        return with(RailsTokens.claims(Instant.now()).sign(Algorithm.HMAC256(secret)));
    }

    /** Somebody pushed to a project. */
    public void pushed(long projectId, String projectPath) {
        GitPushEvent event = GitPushEvent.newBuilder().setProject(Project.newBuilder().setId(projectId).setFullPath(projectPath)).build();
        NotificationsGrpc.newBlockingStub(authorized()).gitPushEvent(GitPushEventRequest.newBuilder().setEvent(event).build());
    }

    /** The connections of an agent. */
    public List<ConnectedAgentInfo> connections(long agentId) {
        return AgentTrackerGrpc.newBlockingStub(authorized())
                .getConnectedAgents(GetConnectedAgentsRequest.newBuilder().setAgentId(agentId).build()).getAgentsList();
    }

    /** The agents that a project configures. */
    public List<AgentConfigFile> configurationFiles(ListAgentConfigFilesRequest request) {
        return ConfigurationProjectGrpc.newBlockingStub(authorized()).listAgentConfigFiles(request).getConfigFilesList();
    }

    @Override
    public void close() {
        connection.shutdownNow();
    }
}
