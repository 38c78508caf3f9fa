package org.openkas.agentconfiguration;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import org.openkas.cluster.AgentTracker;
import org.openkas.cluster.GitPushEvents;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.common.Timers;
import org.openkas.gitlab.AgentConfigurationReporter;
import org.openkas.gitlab.AgentIdentification;
import org.openkas.grpc.CallContext;
import org.openkas.proto.agentconfiguration.AgentConfigurationGrpc;
import org.openkas.proto.agentconfiguration.ConfigurationRequest;
import org.openkas.proto.agentconfiguration.ConfigurationResponse;
import org.openkas.repository.PushedProjects;
import org.openkas.repository.RefWatches;

/**
 * AgentConfiguration of the agents' API (chapter 01 §5.2). Expects {@link CallContext#TOKEN}, {@link CallContext#LOG} and
 * {@link CallContext#AGE} in the context of a call. Thread-safe.
 */
public final class AgentConfigurationService extends AgentConfigurationGrpc.AgentConfigurationImplBase implements AutoCloseable {
    private final StreamParts parts;
    private final ConfigurationReports reports;
    private final GitPushEvents.Subscription pushes;

    /**
     * Begins to listen to pushes.
     *
     * @param executor starts each task without waiting for others, on threads that may block: virtual ones
     */
    public AgentConfigurationService(ConfigurationSettings settings, AgentIdentification agents, RefWatches watches,
            ConfigurationFiles files, AgentConfigurationReporter reporter, AgentTracker tracker, GitPushEvents events, Timers timers,
            RandomGenerator random, Executor executor) {
        PushedProjects projects = new PushedProjects();
        reports = new ConfigurationReports(reporter, timers, executor);
        parts = new StreamParts(settings, agents, watches, new AgentFiles(files, settings.maximumFileSize(), timers),
                reports, tracker, projects, timers, random, executor);
        pushes = events.subscribe(projects);
    }

    @Override
    public void getConfiguration(ConfigurationRequest request, StreamObserver<ConfigurationResponse> observer) {
        AgentToken token = CallContext.TOKEN.get();
        // configuration belongs to agents for Kubernetes; a token of another kind is never checked as one of theirs
        if (token == null || token.type() != AgentType.AGENTK) {
            observer.onError(Status.UNAUTHENTICATED.withDescription("unauthenticated").asException());
            return;
        }
        new ConfigurationStream(parts, request, (ServerCallStreamObserver<ConfigurationResponse>) observer, token, CallContext.LOG.get(),
                CallContext.AGE.get()).start();
    }

    /** Ends the subscription to pushes, and the reports to GitLab; open streams end by the age of their calls. */
    @Override
    public void close() {
        reports.close();
        pushes.close();
    }
}
