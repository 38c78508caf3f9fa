package org.openkas.cluster;

import org.openkas.common.AgentToken;

/** How many calls a token may make in one UTC minute, counted over all servers (chapter 01 §3.7). Thread-safe. */
public interface TokenLimiter {

    /** Counts one call; false if the limit of this minute is reached, and then the call does not count. */
    boolean allow(AgentToken token);
}
