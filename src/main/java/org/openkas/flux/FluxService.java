package org.openkas.flux;

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
import org.openkas.gitlab.ProjectAccessLookup;
import org.openkas.grpc.CallContext;
import org.openkas.proto.flux.GitLabFluxGrpc;
import org.openkas.proto.flux.ReconcileProjectsRequest;
import org.openkas.proto.flux.ReconcileProjectsResponse;

/**
 * GitLabFlux of the agents' API (chapter 01 §5.10). Expects {@link CallContext#TOKEN}, {@link CallContext#LOG} and {@link
 * CallContext#AGE} in the context of a call. Thread-safe.
 */
public final class FluxService extends GitLabFluxGrpc.GitLabFluxImplBase implements AutoCloseable {
    private final ReconcileStream.Parts parts;
    private final WatchedProjects projects = new WatchedProjects();
    private final GitPushEvents.Subscription pushes;

    /**
     * Begins to listen to pushes.
     *
     * @param executor starts each task without waiting for others, on threads that may block: virtual ones
     */
    public FluxService(AgentIdentification agents, ProjectAccessLookup access, FluxMetrics metrics, GitPushEvents events, Timers timers,
            RandomGenerator random, Executor executor) {
        parts = new ReconcileStream.Parts(agents, access, projects, metrics, timers, random, executor);
        pushes = events.subscribe(projects);
    }

    @Override
    public void reconcileProjects(ReconcileProjectsRequest request, StreamObserver<ReconcileProjectsResponse> observer) {
        AgentToken token = CallContext.TOKEN.get();
        // tokens of other kinds of agents are never checked as those of agentk
        if (token == null || token.type() != AgentType.AGENTK) {
            observer.onError(Status.UNAUTHENTICATED.withDescription("unauthenticated").asException());
            return;
        }
        new ReconcileStream(parts, request, (ServerCallStreamObserver<ReconcileProjectsResponse>) observer, token, CallContext.LOG.get())
                .start(CallContext.AGE.get());
    }

    /** How many projects are watched. */
    int watchedProjects() {
        return projects.size();
    }

    /** Ends the subscription to pushes; open streams end when the server drains. */
    @Override
    public void close() {
        pushes.close();
    }
}
