package org.openkas.gitops;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import org.openkas.cluster.GitPushEvents;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.common.Timers;
import org.openkas.gitlab.AgentIdentification;
import org.openkas.gitlab.ProjectLookup;
import org.openkas.grpc.CallContext;
import org.openkas.proto.gitops.GitopsGrpc;
import org.openkas.proto.gitops.ObjectsToSynchronizeRequest;
import org.openkas.proto.gitops.ObjectsToSynchronizeResponse;
import org.openkas.repository.PushedProjects;
import org.openkas.repository.RefWatches;
import org.openkas.repository.RepositoryReader;
import org.openkas.usage.UsageCounters;

/**
 * Gitops of the agents' API (chapter 01 §5.5). Expects {@link CallContext#TOKEN}, {@link CallContext#LOG} and
 * {@link CallContext#AGE} in the context of a call. Thread-safe.
 */
public final class GitopsService extends GitopsGrpc.GitopsImplBase implements AutoCloseable {
    private final StreamParts parts;
    private final GitPushEvents.Subscription pushes;

    /**
     * Begins to listen to pushes.
     *
     * @param reader walks and reads at a commit for many agents; it should share what they have in common
     * @param executor starts each task without waiting for others, on threads that may block: virtual ones
     */
    public GitopsService(GitopsSettings settings, AgentIdentification agents, ProjectLookup projects, RefWatches watches,
            RepositoryReader reader, UsageCounters usage, GitPushEvents events, Timers timers, RandomGenerator random,
            Executor executor) {
        PushedProjects pushed = new PushedProjects();
        parts = new StreamParts(settings, agents, projects, watches, reader, usage, pushed, timers, random, executor);
        pushes = events.subscribe(pushed);
    }

    @Override
    public void getObjectsToSynchronize(ObjectsToSynchronizeRequest request, StreamObserver<ObjectsToSynchronizeResponse> observer) {
        if (request.getPathsCount() > parts.settings().maximumPaths()) {
            observer.onError(Status.INVALID_ARGUMENT.withDescription("maximum number of GitOps paths per manifest project is "
                    + parts.settings().maximumPaths() + ", but " + request.getPathsCount() + " was requested").asException());
            return;
        }
        AgentToken token = CallContext.TOKEN.get();
        // manifests belong to agents for Kubernetes; a token of another kind is never checked as one of theirs
        if (token == null || token.type() != AgentType.AGENTK) {
            observer.onError(Status.UNAUTHENTICATED.withDescription("unauthenticated").asException());
            return;
        }
        new ObjectsStream(parts, request, (ServerCallStreamObserver<ObjectsToSynchronizeResponse>) observer, token, CallContext.LOG.get(),
                CallContext.AGE.get()).start();
    }

    /** Ends the subscription to pushes; open streams end by the age of their calls. */
    @Override
    public void close() {
        pushes.close();
    }
}
