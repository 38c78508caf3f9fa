package org.openkas.agentconfiguration;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.openkas.common.AgentToken;
import org.openkas.common.Backoff;
import org.openkas.common.Log;
import org.openkas.common.Rounds;
import org.openkas.common.Timers;
import org.openkas.gitlab.AgentInfo;
import org.openkas.grpc.CallAge;
import org.openkas.proto.agentcfg.AgentConfiguration;
import org.openkas.proto.agentcfg.ConfigurationFile;
import org.openkas.proto.agentconfiguration.ConfigurationRequest;
import org.openkas.proto.agentconfiguration.ConfigurationResponse;
import org.openkas.repository.PushedProjects;
import org.openkas.repository.Repository;
import org.openkas.repository.RepositoryException;
import org.openkas.repository.Resolution;
import org.openkas.repository.WatchedRef;
import org.openkas.tracing.Traced;

/**
 * One agent that waits for its configuration (chapter 01 §5.2.1). It holds no thread while it waits: a round runs when a
 * look-up is due, the ref has news, the client can take a message again, or the stream must end. Rounds run one at a time
 * and make all calls on the stream's observer.
 */
final class ConfigurationStream implements PushedProjects.Watcher {
    private static final Backoff.Policy BACKOFF = Backoff.Policy.doubling(Duration.ofSeconds(10), Duration.ofSeconds(60),
            Duration.ofMinutes(2));

    private final StreamParts parts;
    private final ServerCallStreamObserver<ConfigurationResponse> call;
    private final ConfigurationRequest request;
    private final AgentToken token;
    private final Log callLog;
    private final CallAge age;
    private final Backoff backoff;
    private final Rounds rounds;
    private final Instant began;

    // touched by rounds only
    private String last;
    private String announced = "";
    private boolean ended;
    private @Nullable AgentInfo agent;
    private @Nullable Registration registration;
    private Timers.@Nullable Cancellable timer;
    private Timers.@Nullable Cancellable ageWait;

    // also touched by timers, pollers and events
    private volatile boolean lookUpDue = true;
    private volatile boolean backingOff;
    private volatile @Nullable WatchedRef watched;
    private volatile Log log;

    ConfigurationStream(StreamParts parts, ConfigurationRequest request, ServerCallStreamObserver<ConfigurationResponse> call,
            AgentToken token, Log log, CallAge age) {
        this.parts = parts;
        this.call = call;
        this.request = request;
        this.token = token;
        this.callLog = log;
        this.log = log;
        this.age = age;
        backoff = BACKOFF.begin(parts.timers(), parts.random());
        rounds = new Rounds(Traced.bound(parts.executor()), this::round);
        began = parts.timers().now();
        last = request.getCommitId();
    }

    /** Begins; called on the thread that the service was called on. */
    void start() {
        call.setOnCancelHandler(() -> {
            rounds.interrupt();
            rounds.ask();
        });
        call.setOnReadyHandler(rounds::ask);
        rounds.ask();
    }

    /** Somebody pushed to the configuration project. */
    @Override
    public void pushed(Set<WatchedRef.Target> poked) {
        WatchedRef ref = watched;
        if (ref != null) {
            ref.poke(poked);
        }
        if (backingOff) {
            backingOff = false;
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
            log.withError(e).error("Config: unexpected failure");
            end(Status.INTERNAL.withDescription("Config: unexpected failure"));
        }
    }

    private void attempt() throws StatusException, InterruptedException {
        WatchedRef ref = watched;
        WatchedRef.News news = ref == null ? null : ref.news();
        if (lookUpDue || asksForAnswer(news)) {
            AgentInfo found = lookUp();
            if (found == null) {
                return;
            }
            ref = follow(found);
            news = ref.news();
        }
        AgentInfo current = agent;
        if (ref == null || news == null || current == null) {
            return;
        }
        switch (news) {
            case WatchedRef.Gone gone ->
                throw Status.NOT_FOUND.withDescription("Config: repository poll failed: " + gone.failure().getMessage()).asException();
            case WatchedRef.Seen(Resolution.Empty _) -> {
                log.debug("Config: empty repository");
                ref.dealtWith(news);
            }
            case WatchedRef.Seen(Resolution.Commit(String id)) -> {
                if (id.equals(last)) {
                    log.with("commit_id", id).debug("Config: no updates");
                    ref.dealtWith(news);
                } else if (call.isReady() && deliver(current, id)) {
                    ref.dealtWith(news);
                }
            }
        }
    }

    /** Whether the news leads to something that the agent sees, before which its token is looked up again. */
    private boolean asksForAnswer(WatchedRef.@Nullable News news) {
        return switch (news) {
            case null -> false;
            case WatchedRef.Gone _ -> true;
            case WatchedRef.Seen(Resolution.Empty _) -> false;
            case WatchedRef.Seen(Resolution.Commit(String id)) -> !id.equals(last) && call.isReady();
        };
    }

    /** Null if nobody can tell now: the stream backs off. */
    private @Nullable AgentInfo lookUp() throws StatusException, InterruptedException {
        try {
            AgentInfo found = parts.agents().identify(token, callLog);
            lookUpDue = false;
            wake(parts.settings().pollPeriod());
            return found;
        } catch (StatusException e) {
            if (e.getStatus().getCode() != Status.Code.UNAVAILABLE) {
                throw e;
            }
            backOff();
            return null;
        }
    }

    /** Watches what the agent's configuration depends on now, and shows the agent as connected. */
    private WatchedRef follow(AgentInfo found) {
        AgentInfo before = agent;
        WatchedRef ref = watched;
        WatchedRef.Target target = new WatchedRef.Target(new Repository(found.gitaly(), found.repository()),
                "refs/heads/" + found.defaultBranch());
        agent = found;
        if (before == null || !before.projectPath().equals(found.projectPath()) || before.agentId() != found.agentId()) {
            log = callLog.with("agent_id", found.agentId()).with("project_id", found.projectPath());
            leaveProject(before);
            // before the watch begins, so that no push falls between the two
            parts.projects().add(found.projectPath(), this);
        }
        if (ref == null || !ref.target().equals(target)) {
            stopWatching();
            ref = new WatchedRef(target, rounds::ask, this::pollFailed);
            watched = ref;
            ref.open(parts.watches());
        }
        if (registration == null && !request.getSkipRegister()) {
            registration = new Registration(parts.tracker(), found, request, parts.random().nextLong() >>> 1, began);
            registration.begin(log);
        }
        return ref;
    }

    private void pollFailed(RepositoryException failure) {
        if (failure.firstReport()) {
            log.withError(failure).error("Config: repository poll failed");
        }
    }

    /** False if the file could not be read now: the stream backs off and tries again. */
    private boolean deliver(AgentInfo current, String commit) throws StatusException, InterruptedException {
        if (!commit.equals(announced)) {
            announced = commit;
            log.with("commit_id", commit).info("Config: new commit");
        }
        ParsedFile file;
        try {
            file = parts.files().at(current, commit, log);
        } catch (ConfigurationFileException e) {
            log.withError(e).info("Config: failed to fetch");
            throw Status.FAILED_PRECONDITION.withDescription("Config: " + e.getMessage()).asException();
        } catch (RepositoryException e) {
            if (!call.isCancelled() && e.firstReport()) {
                log.with("error", "fetch agent configuration: " + e.getMessage()).error("Config: failed to fetch");
            }
            backOff();
            return false;
        }
        if (!call.isCancelled()) {
            parts.reports().submit(current.agentId(), commit, file.tree(), log);
            call.onNext(response(current, commit, file.message()));
            last = commit;
        }
        return true;
    }

    /** Chapter 01 §5.2.3: all but {@code user_access}. */
    private ConfigurationResponse response(AgentInfo current, String commit, ConfigurationFile file) {
        AgentConfiguration.Builder configuration = AgentConfiguration.newBuilder().setAgentId(current.agentId())
                .setProjectId(current.projectId()).setProjectPath(current.projectPath())
                .setGitlabExternalUrl(parts.settings().externalUrl());
        if (file.hasGitops()) {
            configuration.setGitops(file.getGitops());
        }
        if (file.hasObservability()) {
            configuration.setObservability(file.getObservability());
        }
        if (file.hasCiAccess()) {
            configuration.setCiAccess(file.getCiAccess());
        }
        if (file.hasContainerScanning()) {
            configuration.setContainerScanning(file.getContainerScanning());
        }
        if (file.hasRemoteDevelopment()) {
            configuration.setRemoteDevelopment(file.getRemoteDevelopment());
        }
        if (file.hasFlux()) {
            configuration.setFlux(file.getFlux());
        }
        return ConfigurationResponse.newBuilder().setConfiguration(configuration).setCommitId(commit).build();
    }

    private void backOff() {
        backingOff = true;
        wake(backoff.next());
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
        if (timer != null) {
            timer.cancel();
        }
        if (ageWait != null) {
            ageWait.cancel();
        }
        leaveProject(agent);
        stopWatching();
        if (registration != null) {
            registration.end(log);
        }
        if (call.isCancelled()) {
            return;
        }
        if (status.isOk()) {
            call.onCompleted();
        } else {
            call.onError(status.asException());
        }
    }

    private void leaveProject(@Nullable AgentInfo left) {
        if (left != null) {
            parts.projects().remove(left.projectPath(), this);
        }
    }

    private void stopWatching() {
        WatchedRef ref = watched;
        watched = null;
        if (ref != null) {
            ref.close();
        }
    }
}
