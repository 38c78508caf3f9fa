package org.openkas.gitlab;

import io.grpc.Status;
import io.grpc.StatusException;
import org.openkas.common.AgentToken;
import org.openkas.common.Log;

/**
 * Looks projects up for gRPC services: what GitLab says becomes the status that agents know (chapter 01 §5.5.3), and a
 * failure that somebody has to mend becomes one line. Thread-safe.
 */
public final class ProjectLookup {
    private final ProjectInfoSource source;
    private final String remedy;

    /** Asks this source; {@code remedy} tells operators what to do about a project that the source does not know. */
    public ProjectLookup(ProjectInfoSource source, String remedy) {
        this.source = source;
        this.remedy = remedy;
    }

    /**
     * Where a project is.
     *
     * @param project as the agent calls it
     * @param log the logger of the call, with agent and project
     * @throws StatusException with the status that the call ends with: {@code UNAVAILABLE} if it may work later, any other is
     *         final
     * @throws InterruptedException if the caller gave up
     */
    public ProjectInfo find(AgentToken token, String project, Log log) throws StatusException, InterruptedException {
        try {
            return source.projectInfo(token, project);
        } catch (GitLabException e) {
            if (e.firstReport()) {
                switch (e.kind()) {
                    case NOT_FOUND -> log.with("error", "error kind: 0; status: 404").with("remedy", remedy)
                            .warn("GitOps: failed to get project info");
                    case UNAVAILABLE -> report(e, log);
                    case UNAUTHORIZED, FORBIDDEN -> {
                        // the agent's own matter, and it is told
                    }
                }
            }
            throw status(e).asException();
        }
    }

    /** Writes the line about a GitLab that does not answer. */
    static void report(GitLabException failure, Log log) {
        failure.on(log).error("GetProjectInfo()");
    }

    private static Status status(GitLabException failure) {
        return switch (failure.kind()) {
            case UNAUTHORIZED -> Status.UNAUTHENTICATED.withDescription("unauthenticated");
            case FORBIDDEN -> Status.PERMISSION_DENIED.withDescription("forbidden");
            case NOT_FOUND -> Status.NOT_FOUND.withDescription("project not found");
            case UNAVAILABLE -> Status.UNAVAILABLE.withDescription("unavailable");
        };
    }
}
