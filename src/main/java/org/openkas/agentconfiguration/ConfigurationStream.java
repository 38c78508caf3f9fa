package org.openkas.agentconfiguration;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.openkas.common.AgentToken;
import org.openkas.common.Backoff;
import org.openkas.common.Log;
import org.openkas.gitlab.AgentInfo;
import org.openkas.grpc.CallAge;
import org.openkas.grpc.WaitingStream;
import org.openkas.proto.agentcfg.AgentConfiguration;
import org.openkas.proto.agentcfg.ConfigurationFile;
import org.openkas.proto.agentconfiguration.ConfigurationRequest;
import org.openkas.proto.agentconfiguration.ConfigurationResponse;
import org.openkas.repository.FollowedRef;
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
final class ConfigurationStream implements PushedProjects.Watcher, WaitingStream.Work {
    private final StreamParts parts;
    private final ServerCallStreamObserver<ConfigurationResponse> call;
    private final ConfigurationRequest request;
    private final AgentToken token;
    private final Log callLog;
    private final WaitingStream waiting;
    private final FollowedRef watched;
    private final Instant began;

    // touched by rounds only
    private String last;
    private String announced = "";
    private @Nullable AgentInfo agent;
    private @Nullable Registration registration;

    // also read by pollers
    private volatile Log log;

    ConfigurationStream(StreamParts parts, ConfigurationRequest request, ServerCallStreamObserver<ConfigurationResponse> call,
            AgentToken token, Log log, CallAge age) {
        this.parts = parts;
        this.call = call;
        this.request = request;
        this.token = token;
        this.callLog = log;
        this.log = log;
        waiting = new WaitingStream(call, age, "Config", this, parts.timers(), Backoff.Policy.CONFIGURATIONS.begin(parts.timers(), parts.random()),
                Traced.bound(parts.executor()));
        watched = new FollowedRef(parts.watches(), waiting::ask, this::pollFailed);
        began = parts.timers().now();
        last = request.getCommitId();
    }

    /** Begins; called on the thread that the service was called on. */
    void start() {
        call.setOnReadyHandler(waiting::ask);
        waiting.start();
    }

    /** Somebody pushed to the configuration project. */
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
        WatchedRef.News news = watched.news();
        if (waiting.lookUpDue() || asksForAnswer(news)) {
            if (!waiting.lookUp(() -> follow(parts.agents().identify(token, callLog)), parts.settings().pollPeriod())) {
                return;
            }
            news = watched.news();
        }
        WatchedRef ref = watched.current();
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

    /** Watches what the agent's configuration depends on now, and shows the agent as connected. */
    private void follow(AgentInfo found) {
        AgentInfo before = agent;
        agent = found;
        if (before == null || !before.projectPath().equals(found.projectPath()) || before.agentId() != found.agentId()) {
            log = callLog.with("agent_id", found.agentId()).with("project_id", found.projectPath());
            leaveProject(before);
            // before the watch begins, so that no push falls between the two
            parts.projects().add(found.projectPath(), this);
        }
        watched.follow(new WatchedRef.Target(new Repository(found.gitaly(), found.repository()), "refs/heads/" + found.defaultBranch()));
        if (registration == null && !request.getSkipRegister()) {
            registration = new Registration(parts.tracker(), found, request, parts.random().nextLong() >>> 1, began);
            registration.begin(log);
        }
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
            waiting.backOff();
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

    @Override
    public void leave() {
        leaveProject(agent);
        watched.close();
        if (registration != null) {
            registration.end(log);
        }
    }

    private void leaveProject(@Nullable AgentInfo left) {
        if (left != null) {
            parts.projects().remove(left.projectPath(), this);
        }
    }
}
