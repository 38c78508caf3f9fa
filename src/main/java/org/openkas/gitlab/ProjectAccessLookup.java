package org.openkas.gitlab;

import io.grpc.Status;
import io.grpc.StatusException;
import org.openkas.common.AgentToken;
import org.openkas.common.Log;

/**
 * Looks up for gRPC services which projects agents may see (chapter 02 §2.12); a failure that the operator has to mend
 * becomes one line. Thread-safe.
 */
public final class ProjectAccessLookup {
    private static final Status UNAVAILABLE = Status.UNAVAILABLE.withDescription("unavailable");

    private final ProjectAccessSource source;

    /** Asks this source. */
    public ProjectAccessLookup(ProjectAccessSource source) {
        this.source = source;
    }

    /**
     * Whether the bearer of {@code token} may see the project; blocks.
     *
     * @throws StatusException with {@code UNAVAILABLE} if nobody can tell
     * @throws InterruptedException if the caller gave up
     */
    public boolean mayAccess(AgentToken token, String projectPath, Log log) throws StatusException, InterruptedException {
        try {
            return source.mayAccess(token, projectPath);
        } catch (GitLabException e) {
            if (e.firstReport()) {
                report(e, log);
            }
            throw UNAVAILABLE.asException();
        }
    }

    static void report(GitLabException failure, Log log) {
        failure.on(log).error("VerifyProjectAccess()");
    }
}
