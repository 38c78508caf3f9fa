package org.openkas.gitlab;

import io.grpc.StatusException;
import java.util.Optional;
import org.openkas.common.AgentToken;
import org.openkas.common.Log;

/** Tells who bears a token, with failures as an agent gets them (chapter 01 §4.1). Implementations are thread-safe. */
@FunctionalInterface
public interface AgentIdentification {

    /** The agent, if it is known without asking anybody. Never blocks. */
    default Optional<AgentInfo> known(AgentToken token) {
        return Optional.empty();
    }

    /**
     * Looks the agent up, or remembers; blocks the calling thread, which should be a virtual one.
     *
     * @param log the logger of the call, with its fields; a failure that an operator has to mend is reported there
     * @throws StatusException with the status that the call ends with: {@code UNAVAILABLE} if it may work later, any other is
     *         final
     * @throws InterruptedException if the caller gave up; such calls end with {@link AgentLookup#CANCELLED}
     */
    AgentInfo identify(AgentToken token, Log log) throws StatusException, InterruptedException;
}
