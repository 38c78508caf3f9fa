package org.openkas.gitlab;

import org.openkas.common.AgentToken;

/** Tells which projects an agent may see (chapter 02 §3.4). Implementations are thread-safe. */
@FunctionalInterface
public interface ProjectAccessSource {

    /**
     * Whether the bearer of a token may see the project; blocks the calling thread, which should be a virtual one.
     *
     * @param projectPath full path, such as {@code group/project}
     * @throws GitLabException if nobody can tell
     * @throws InterruptedException if the caller gave up
     */
    boolean mayAccess(AgentToken token, String projectPath) throws GitLabException, InterruptedException;
}
