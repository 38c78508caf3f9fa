package org.openkas.gitlab;

import java.util.Optional;
import org.openkas.common.AgentToken;

/** Tells who the bearer of a token is. Implementations are thread-safe. */
public interface AgentInfoSource {

    /** The agent, if it is known without asking anybody. Never blocks. */
    default Optional<AgentInfo> known(AgentToken token) {
        return Optional.empty();
    }

    /**
     * Looks the agent up; blocks the calling thread, which should be a virtual one.
     *
     * @throws GitLabException if the token is not accepted or nobody can tell
     * @throws InterruptedException if the caller gave up
     */
    AgentInfo agentInfo(AgentToken token) throws GitLabException, InterruptedException;
}
