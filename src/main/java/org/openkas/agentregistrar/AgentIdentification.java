package org.openkas.agentregistrar;

import io.grpc.StatusException;
import java.util.Optional;
import org.openkas.common.AgentToken;
import org.openkas.common.Log;
import org.openkas.gitlab.AgentInfo;

/** Tells who bears a token, with failures as an agent gets them (chapter 01 §4.1). Implementations are thread-safe. */
@FunctionalInterface
public interface AgentIdentification {

    /** The agent, if it is known without asking anybody. Never blocks. */
    default Optional<AgentInfo> known(AgentToken token) {
        return Optional.empty();
    }

    /**
     * Looks the agent up, or remembers; blocks.
     *
     * @param log where a failure that an operator has to mend is reported
     * @throws InterruptedException if the caller gave up
     */
    AgentInfo identify(AgentToken token, Log log) throws StatusException, InterruptedException;
}
