package org.openkas.gitlab;

import org.openkas.common.AgentToken;

/** Tells where projects are that agents take manifests from. Implementations are thread-safe. */
@FunctionalInterface
public interface ProjectInfoSource {

    /**
     * Looks a project up on behalf of an agent; blocks the calling thread, which should be a virtual one.
     *
     * @param project what the agent calls it: a full path such as {@code group/project}, or a number
     * @throws GitLabException of kind {@code NOT_FOUND} if there is no such project or the agent may not read it, of another
     *         kind if the token is not accepted or nobody can tell
     * @throws InterruptedException if the caller gave up
     */
    ProjectInfo projectInfo(AgentToken token, String project) throws GitLabException, InterruptedException;
}
