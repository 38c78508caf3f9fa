package org.openkas.kubernetesaccess;

import com.google.protobuf.ByteString;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.openkas.cluster.ErrorCache;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.gitlab.CachedLookup;
import org.openkas.gitlab.GitLabClient;
import org.openkas.gitlab.GitLabException;
import org.openkas.gitlab.GitLabRequest;
import org.openkas.kubernetesaccess.RefusedException.Detail;
import org.openkas.proto.gitlab.AllowedAgent;
import org.openkas.proto.gitlab.AllowedAgentsForJob;

/** What GitLab lets CI jobs reach (chapter 03 §7.1). Thread-safe. */
final class AllowedAgents {
    private static final String PATH = "/api/v4/job/allowed_agents";
    private static final String FAILED = "Failed to get allowed agents for CI job token";

    private final GitLabClient gitLab;
    private final CachedLookup<Token, AllowedAgentsForJob> lookup;

    /** Never prints itself. */
    private record Token(String value) {
        @Override
        public String toString() {
            return "Token[hidden]";
        }
    }

    AllowedAgents(GitLabClient gitLab, ErrorCache errors, CachedLookup.Lifetimes lifetimes, Timers timers, Executor executor, Log log) {
        this.gitLab = gitLab;
        this.lookup = new CachedLookup<>(this::ask,
                new CachedLookup.Refusals<>(errors, ErrorCache.Lookup.ALLOWED_AGENTS, AllowedAgents::key),
                lifetimes, timers, executor, failure -> GitLabAgentAccess.report(failure, FAILED, log));
    }

    Access access(Credential.JobToken credential) throws RefusedException, InterruptedException {
        try {
            return within(lookup.find(new Token(credential.token())), credential);
        } catch (GitLabException e) {
            throw refusal(e);
        }
    }

    Optional<Access> known(Credential.JobToken credential) {
        return lookup.remembered(new Token(credential.token()))
                .flatMap(job -> agent(job, credential.agentId()).map(agent -> access(job, agent, credential)));
    }

    private AllowedAgentsForJob ask(Token token, CachedLookup.Occasion occasion) throws GitLabException, InterruptedException {
        if (!token.value().chars().allMatch(character -> character >= 0x20 && character < 0x7f)) {
            // no token of GitLab has such characters, and they cannot stand in a header
            throw GitLabException.status(401, PATH, "");
        }
        GitLabRequest request = GitLabRequest.of("GET", PATH).header("Job-Token", List.of(token.value())).withoutServerToken().retried();
        return gitLab.message(GitLabAgentAccess.on(occasion, request), AllowedAgentsForJob.getDefaultInstance());
    }

    private static ByteString key(Token token) {
        return new HalfHash().half(token.value()).digest();
    }

    private static Access within(AllowedAgentsForJob job, Credential.JobToken credential) throws RefusedException {
        AllowedAgent agent = agent(job, credential.agentId())
                .orElseThrow(() -> RefusedException.forbidden(403, "Forbidden: agentId is not allowed"));
        return access(job, agent, credential);
    }

    private static Optional<AllowedAgent> agent(AllowedAgentsForJob job, long agentId) {
        return job.getAllowedAgentsList().stream().filter(agent -> agent.getId() == agentId).findFirst();
    }

    private static Access access(AllowedAgentsForJob job, AllowedAgent agent, Credential.JobToken credential) {
        return new Access(credential.agentId(), JobIdentity.of(job, agent), credential.kind(), job.getUser().getId(),
                agent.getConfigProject().getId());
    }

    private static RefusedException refusal(GitLabException failure) {
        return switch (failure.kind()) {
            case UNAUTHORIZED -> shown(401, "Unauthorized: CI job token", failure);
            case FORBIDDEN -> shown(403, "Forbidden: CI job token", failure);
            case NOT_FOUND -> shown(404, "Not found: agents for CI job token", failure);
            case UNAVAILABLE -> RefusedException.fault(FAILED, Detail.SHOWN, failure.firstReport(), failure.remedy(), failure);
        };
    }

    private static RefusedException shown(int status, String message, GitLabException failure) {
        return RefusedException.because(status, message, message, Detail.SHOWN, failure);
    }
}
