package org.openkas.jobrouter;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.StatusException;
import java.util.concurrent.Executor;
import org.openkas.cluster.ErrorCache;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.gitlab.CachedLookup;
import org.openkas.gitlab.GitLabClient;
import org.openkas.gitlab.GitLabException;
import org.openkas.gitlab.GitLabRequest;
import org.openkas.proto.jobrouter.GetRunnerInfoResponse;

/** Knows which runner bears a token, from GitLab, and remembers it (chapter 07 §9.2, step 1). Thread-safe. */
final class Runners {
    private static final String PATH = "/api/v4/internal/ci/agents/runner/info";
    private static final String FAILED = "GetRunnerInfo()";

    private final GitLabClient gitLab;
    private final CachedLookup<AgentToken, Long> lookup;

    /** @param log for failures that no caller sees, because an older answer served */
    Runners(GitLabClient gitLab, ErrorCache errors, CachedLookup.Lifetimes lifetimes, Timers timers, Executor executor, Log log) {
        this.gitLab = gitLab;
        lookup = new CachedLookup<>(this::ask,
                new CachedLookup.Refusals<>(errors, ErrorCache.Lookup.RUNNER_INFO, token -> ByteString.copyFrom(token.key())), lifetimes,
                timers, executor, failure -> report(failure, log));
    }

    private Long ask(AgentToken token, CachedLookup.Occasion occasion) throws GitLabException, InterruptedException {
        GitLabRequest request = GitLabRequest.of("GET", PATH).asAgent(token);
        return gitLab.message(occasion.known() ? request : request.inBackground(), GetRunnerInfoResponse.getDefaultInstance())
                .getRunnerId();
    }

    /**
     * The id of the runner. Blocks.
     *
     * @param log of the call; a failure that an operator has to mend is reported there
     * @throws StatusException with what the runner gets instead of a job
     */
    long id(AgentToken token, Log log) throws StatusException, InterruptedException {
        if (token.type() != AgentType.RUNNER) {
            throw Status.PERMISSION_DENIED.withDescription("jobs are for runners").asException();
        }
        if (!token.sendable()) {
            throw status(GitLabException.status(401, PATH, "")).asException();
        }
        try {
            return lookup.find(token);
        } catch (GitLabException e) {
            if (e.kind() == GitLabException.Kind.UNAVAILABLE && e.firstReport()) {
                report(e, log);
            }
            throw status(e).asException();
        }
    }

    private static void report(GitLabException failure, Log log) {
        failure.on(log).error(FAILED);
    }

    private static Status status(GitLabException failure) {
        return switch (failure.kind()) {
            case UNAUTHORIZED -> Status.UNAUTHENTICATED.withDescription("unauthenticated");
            case FORBIDDEN -> Status.PERMISSION_DENIED.withDescription("forbidden");
            case NOT_FOUND -> JobStatus.OFF;
            case UNAVAILABLE -> Status.UNAVAILABLE.withDescription("unavailable");
        };
    }
}
