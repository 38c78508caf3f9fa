package org.openkas.gitops;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.openkas.common.AgentToken;
import org.openkas.common.Backoff;
import org.openkas.common.Log;
import org.openkas.gitlab.AgentInfo;
import org.openkas.gitlab.ProjectInfo;
import org.openkas.grpc.CallAge;
import org.openkas.grpc.WaitingStream;
import org.openkas.proto.gitops.ObjectsToSynchronizeRequest;
import org.openkas.proto.gitops.ObjectsToSynchronizeResponse;
import org.openkas.repository.FollowedRef;
import org.openkas.repository.PushedProjects;
import org.openkas.repository.Repository;
import org.openkas.repository.RepositoryException;
import org.openkas.repository.Resolution;
import org.openkas.repository.WatchedRef;
import org.openkas.tracing.Traced;

/**
 * One agent that waits for manifests (chapter 01 §5.5.2) and gets one batch of them. It holds no thread while it waits: a round
 * runs when a look-up is due, the ref has news, or the stream must end. Rounds run one at a time and make all calls on the
 * stream's observer; the one that sends the batch takes as long as the agent takes to receive it.
 */
final class ObjectsStream implements PushedProjects.Watcher, WaitingStream.Work {
    private final StreamParts parts;
    private final ServerCallStreamObserver<ObjectsToSynchronizeResponse> call;
    private final ObjectsToSynchronizeRequest request;
    private final WantedRef wanted;
    private final AgentToken token;
    private final Synchronization synchronization;
    private final WaitingStream waiting;
    private final FollowedRef watched;

    // touched by rounds only
    private @Nullable AgentInfo agent;
    private @Nullable ProjectInfo project;

    // also read by pollers
    private volatile Log log;

    ObjectsStream(StreamParts parts, ObjectsToSynchronizeRequest request, ServerCallStreamObserver<ObjectsToSynchronizeResponse> call,
            AgentToken token, Log log, CallAge age) {
        this.parts = parts;
        this.call = call;
        this.request = request;
        this.token = token;
        this.log = log.with("project_id", request.getProjectId());
        wanted = WantedRef.of(request);
        synchronization = new Synchronization(parts, request, call);
        waiting = new WaitingStream(call, age, "GitOps", this, parts.timers(), Backoff.Policy.MANIFESTS.begin(parts.timers(), parts.random()),
                Traced.bound(parts.executor()));
        watched = new FollowedRef(parts.watches(), waiting::ask, this::pollFailed);
    }

    /** Begins; called on the thread that the service was called on. */
    void start() {
        call.setOnReadyHandler(synchronization::wake);
        if (wanted instanceof WantedRef.Named) {
            parts.pushed().add(request.getProjectId(), this);
        }
        waiting.start();
    }

    /** Somebody pushed to the manifest project. */
    @Override
    public void pushed(Set<WatchedRef.Target> poked) {
        watched.poke(poked);
        waiting.hurry();
    }

    @Override
    public Log log() {
        return log;
    }

    @Override
    public void attempt() throws StatusException, InterruptedException {
        boolean due = waiting.lookUpDue() || asksForAnswer(watched.news());
        if (due && !waiting.lookUp(this::lookUp, parts.settings().pollPeriod())) {
            return;
        }
        ProjectInfo found = project;
        if (found == null) {
            return;
        }
        switch (wanted) {
            case WantedRef.Fixed(String commit) -> fixed(found, commit);
            case WantedRef.Named(String name) -> {
                WatchedRef current = watched.follow(
                        new WatchedRef.Target(new Repository(found.gitaly(), found.repository()), name));
                named(found, current, current.news());
            }
        }
    }

    /** Whether the news leads to something that the agent sees, before which its project is looked up again. */
    private boolean asksForAnswer(WatchedRef.@Nullable News news) {
        return switch (news) {
            case null -> false;
            case WatchedRef.Gone _ -> true;
            case WatchedRef.Seen(Resolution.Empty _) -> false;
            case WatchedRef.Seen(Resolution.Commit(String id)) -> !id.equals(request.getCommitId());
        };
    }

    private void lookUp() throws StatusException, InterruptedException {
        if (agent == null) {
            agent = parts.agents().identify(token, log);
            log = log.with("agent_id", agent.agentId());
        }
        project = parts.projects().find(token, request.getProjectId(), log);
    }

    private void pollFailed(RepositoryException failure) {
        if (failure.firstReport()) {
            log.withError(failure).error("GitOps: repository poll failed");
        }
    }

    private void named(ProjectInfo found, WatchedRef ref, WatchedRef.@Nullable News news) throws StatusException, InterruptedException {
        switch (news) {
            case null -> {
                // nobody has looked yet, or nothing is new
            }
            case WatchedRef.Gone gone -> throw Status.NOT_FOUND
                    .withDescription("GitOps: repository poll failed: " + gone.failure().getMessage()).asException();
            case WatchedRef.Seen(Resolution.Empty _) -> {
                log.with("commit_id", "").with("git_ref", ref.target().ref()).debug("GitOps: empty repository");
                ref.dealtWith(news);
            }
            case WatchedRef.Seen(Resolution.Commit(String id)) -> {
                Log line = log.with("commit_id", id).with("git_ref", ref.target().ref());
                if (id.equals(request.getCommitId())) {
                    line.debug("GitOps: no updates");
                    ref.dealtWith(news);
                } else {
                    synchronize(found, id, line);
                }
            }
        }
    }

    private void fixed(ProjectInfo found, String commit) throws StatusException, InterruptedException {
        Log line = log.with("commit_id", commit);
        if (!commit.equals(request.getCommitId())) {
            synchronize(found, commit, line);
            return;
        }
        line.debug("GitOps: no updates");
        line.debug("blocking GetObjectsToSynchronize because the request wants to synchronize a commit which already has been synced");
        // the agent has nothing more to learn
        project = null;
        waiting.outlastAge();
    }

    private void synchronize(ProjectInfo found, String commit, Log line) throws StatusException, InterruptedException {
        waiting.stopTimers();
        leave();
        synchronization.send(found, commit, line);
        waiting.end(Status.OK);
    }

    @Override
    public void leave() {
        parts.pushed().remove(request.getProjectId(), this);
        watched.close();
    }
}
