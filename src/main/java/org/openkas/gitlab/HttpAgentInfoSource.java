package org.openkas.gitlab;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.proto.gitlab.GetAgentInfoResponse;

/**
 * Asks GitLab who an agent is (chapter 02 §3.2), at the path that this GitLab knows (chapter 07 §5.3): the one of GitLab 18.2
 * and later first; after a 404 the older one, which is then used for an hour or until it is not found either. While nothing is
 * known yet, one caller finds out for all. Thread-safe.
 */
public final class HttpAgentInfoSource implements AgentInfoSource {
    private static final String CURRENT = "/api/v4/internal/agents/agentk/agent_info";
    private static final String OLD = "/api/v4/internal/kubernetes/agent_info";
    private static final Duration LOOK_AGAIN = Duration.ofHours(1);

    private final GitLabClient gitLab;
    private final Timers timers;
    private final Log log;
    private final Turns firstTurns = new Turns(GitLabException::outage);
    private final AtomicLong lookAgainNanos = new AtomicLong();
    private volatile Generation generation = Generation.UNKNOWN;

    private enum Generation {
        UNKNOWN, CURRENT, OLD
    }

    /** What the first call found out: at least where to ask from now on. */
    private record First(Optional<AgentInfo> info) {
    }

    /** A source that knows nothing of its GitLab yet. */
    public HttpAgentInfoSource(GitLabClient gitLab, Timers timers, Log log) {
        this.gitLab = gitLab;
        this.timers = timers;
        this.log = log;
    }

    @Override
    public AgentInfo agentInfo(AgentToken token) throws GitLabException, InterruptedException {
        if (token.type() != AgentType.AGENTK || !token.sendable()) {
            // tokens of other kinds would only be good at other paths, whose answers nothing here can use
            throw GitLabException.status(401, CURRENT, "");
        }
        if (generation == Generation.UNKNOWN) {
            First first = firstTurns.take(
                    () -> generation == Generation.UNKNOWN ? Optional.empty() : Optional.of(new First(Optional.empty())),
                    () -> new First(Optional.of(askCurrentFirst(token))));
            if (first.info().isPresent()) {
                return first.info().get();
            }
        }
        return generation == Generation.OLD && !timeToLookAgain() ? askOldFirst(token) : askCurrentFirst(token);
    }

    /** True for one caller, when the hour is over. */
    private boolean timeToLookAgain() {
        long planned = lookAgainNanos.get();
        long now = timers.nanos();
        return now - planned >= 0 && lookAgainNanos.compareAndSet(planned, now + LOOK_AGAIN.toNanos());
    }

    private AgentInfo askCurrentFirst(AgentToken token) throws GitLabException, InterruptedException {
        try {
            return ask(CURRENT, Generation.CURRENT, token);
        } catch (GitLabException e) {
            if (e.kind() != GitLabException.Kind.NOT_FOUND) {
                throw e;
            }
        }
        return ask(OLD, Generation.OLD, token);
    }

    private AgentInfo askOldFirst(AgentToken token) throws GitLabException, InterruptedException {
        try {
            return ask(OLD, Generation.OLD, token);
        } catch (GitLabException e) {
            if (e.kind() != GitLabException.Kind.NOT_FOUND) {
                throw e;
            }
        }
        return ask(CURRENT, Generation.CURRENT, token);
    }

    private AgentInfo ask(String path, Generation meaning, AgentToken token) throws GitLabException, InterruptedException {
        try {
            GetAgentInfoResponse answer = gitLab.message(GitLabRequest.of("GET", path).asAgent(token),
                    GetAgentInfoResponse.getDefaultInstance());
            remember(meaning, path);
            return new AgentInfo(token.type(), answer.getAgentId(), answer.getAgentName(), answer.getProjectId(), answer.getGitalyInfo(),
                    answer.getGitalyRepository(), answer.getDefaultBranch());
        } catch (GitLabException e) {
            if (e.kind() == GitLabException.Kind.UNAUTHORIZED || e.kind() == GitLabException.Kind.FORBIDDEN) {
                remember(meaning, path);
            }
            throw e;
        }
    }

    private void remember(Generation found, String path) {
        if (found == Generation.OLD && generation != Generation.OLD) {
            lookAgainNanos.set(timers.nanos() + LOOK_AGAIN.toNanos());
        }
        if (generation != found) {
            generation = found;
            log.with("path", path).info("GitLab tells who agents are");
        }
    }
}
