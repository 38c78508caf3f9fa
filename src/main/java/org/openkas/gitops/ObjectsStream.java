package org.openkas.gitops;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.openkas.common.AgentToken;
import org.openkas.common.Backoff;
import org.openkas.common.Log;
import org.openkas.common.Rounds;
import org.openkas.common.Timers;
import org.openkas.gitlab.AgentInfo;
import org.openkas.gitlab.ProjectInfo;
import org.openkas.grpc.CallAge;
import org.openkas.proto.gitops.ObjectsToSynchronizeRequest;
import org.openkas.proto.gitops.ObjectsToSynchronizeResponse;
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
final class ObjectsStream implements PushedProjects.Watcher {
    private static final Backoff.Policy BACKOFF = Backoff.Policy.doubling(Duration.ofSeconds(10), Duration.ofMinutes(5),
            Duration.ofMinutes(10));

    private final StreamParts parts;
    private final ServerCallStreamObserver<ObjectsToSynchronizeResponse> call;
    private final ObjectsToSynchronizeRequest request;
    private final WantedRef wanted;
    private final AgentToken token;
    private final Synchronization synchronization;
    private final Backoff backoff;
    private final Rounds rounds;

    // touched by rounds only
    private boolean ended;
    private @Nullable AgentInfo agent;
    private @Nullable ProjectInfo project;
    private CallAge age;
    private Timers.@Nullable Cancellable timer;
    private Timers.@Nullable Cancellable ageWait;

    // also touched by timers, pollers and events
    private volatile boolean lookUpDue = true;
    private volatile boolean backingOff;
    private volatile @Nullable WatchedRef watched;
    private volatile Log log;

    ObjectsStream(StreamParts parts, ObjectsToSynchronizeRequest request, ServerCallStreamObserver<ObjectsToSynchronizeResponse> call,
            AgentToken token, Log log, CallAge age) {
        this.parts = parts;
        this.call = call;
        this.request = request;
        this.token = token;
        this.age = age;
        this.log = log.with("project_id", request.getProjectId());
        wanted = WantedRef.of(request);
        synchronization = new Synchronization(parts, request, call);
        backoff = BACKOFF.begin(parts.timers(), parts.random());
        rounds = new Rounds(Traced.bound(parts.executor()), this::round);
    }

    /** Begins; called on the thread that the service was called on. */
    void start() {
        call.setOnCancelHandler(() -> {
            rounds.interrupt();
            rounds.ask();
        });
        call.setOnReadyHandler(synchronization::wake);
        if (wanted instanceof WantedRef.Named) {
            parts.pushed().add(request.getProjectId(), this);
        }
        rounds.ask();
    }

    /** Somebody pushed to the manifest project. */
    @Override
    public void pushed(Set<WatchedRef.Target> poked) {
        WatchedRef ref = watched;
        if (ref != null) {
            ref.poke(poked);
        }
        if (backingOff) {
            backingOff = false;
            lookUpDue = true;
            rounds.ask();
        }
    }

    private void round() {
        if (ended) {
            return;
        }
        if (ageWait == null) {
            ageWait = age.whenEnded(rounds::ask);
        }
        try {
            if (call.isCancelled() || age.ended()) {
                end(Status.OK);
            } else if (!backingOff) {
                attempt();
            }
        } catch (StatusException e) {
            end(e.getStatus());
        } catch (InterruptedException e) {
            end(Status.CANCELLED.withDescription("context canceled"));
        } catch (RuntimeException e) {
            log.withError(e).error("GitOps: unexpected failure");
            end(Status.INTERNAL.withDescription("GitOps: unexpected failure"));
        }
    }

    private void attempt() throws StatusException, InterruptedException {
        WatchedRef ref = watched;
        WatchedRef.News news = ref == null ? null : ref.news();
        if ((lookUpDue || asksForAnswer(news)) && !lookUp()) {
            return;
        }
        ProjectInfo found = project;
        if (found == null) {
            return;
        }
        switch (wanted) {
            case WantedRef.Fixed(String commit) -> fixed(found, commit);
            case WantedRef.Named(String name) -> {
                WatchedRef current = follow(found, name);
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

    /** False if nobody can tell now: the stream backs off. */
    private boolean lookUp() throws StatusException, InterruptedException {
        try {
            if (agent == null) {
                agent = parts.agents().identify(token, log);
                log = log.with("agent_id", agent.agentId());
            }
            project = parts.projects().find(token, request.getProjectId(), log);
        } catch (StatusException e) {
            if (e.getStatus().getCode() != Status.Code.UNAVAILABLE) {
                throw e;
            }
            backingOff = true;
            wake(backoff.next());
            return false;
        }
        lookUpDue = false;
        wake(parts.settings().pollPeriod());
        return true;
    }

    /** Watches the ref where the project's repository is now. */
    private WatchedRef follow(ProjectInfo found, String name) {
        WatchedRef.Target target = new WatchedRef.Target(new Repository(found.gitaly(), found.repository()), name);
        WatchedRef ref = watched;
        if (ref == null || !ref.target().equals(target)) {
            stopWatching();
            ref = new WatchedRef(target, rounds::ask, this::pollFailed);
            watched = ref;
            ref.open(parts.watches());
        }
        return ref;
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
        // the agent has nothing more to learn: the stream lasts as long as its connection, but must not hold up the server's end
        stopTimers();
        project = null;
        age = age.lasting();
        rounds.ask();
    }

    private void synchronize(ProjectInfo found, String commit, Log line) throws StatusException, InterruptedException {
        stopTimers();
        stopWaitingForNews();
        synchronization.send(found, commit, line);
        end(Status.OK);
    }

    /** There is one timer, and whatever it was set for, a look-up comes first. */
    private void wake(Duration delay) {
        if (timer != null) {
            timer.cancel();
        }
        timer = parts.timers().after(delay, () -> {
            lookUpDue = true;
            backingOff = false;
            rounds.ask();
        });
    }

    private void end(Status status) {
        ended = true;
        rounds.shield();
        stopTimers();
        stopWaitingForNews();
        if (call.isCancelled()) {
            return;
        }
        if (status.isOk()) {
            call.onCompleted();
        } else {
            call.onError(status.asException());
        }
    }

    private void stopTimers() {
        if (timer != null) {
            timer.cancel();
        }
        if (ageWait != null) {
            ageWait.cancel();
            ageWait = null;
        }
    }

    private void stopWaitingForNews() {
        parts.pushed().remove(request.getProjectId(), this);
        stopWatching();
    }

    private void stopWatching() {
        WatchedRef ref = watched;
        watched = null;
        if (ref != null) {
            ref.close();
        }
    }
}
