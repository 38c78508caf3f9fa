package org.openkas.routing;

import io.grpc.Channel;
import org.openkas.common.AgentType;

/** Calls to what agents serve (chapter 04 §5.1). Implementations are thread-safe. */
@FunctionalInterface
public interface AgentChannels {

    /**
     * A channel to an agent, connected or not; cheap. Each call on it takes a tunnel of that agent, which it waits for: 20
     * seconds at most, then it ends with {@code DEADLINE_EXCEEDED} (chapter 04 §5.7). Flow control reaches from the caller
     * to the agent; asking for messages one by one costs no more than asking for several at once. Deadlines end a call but
     * are not told to the agent.
     */
    Channel to(AgentType type, long agentId);
}
