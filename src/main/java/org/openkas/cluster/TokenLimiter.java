package org.openkas.cluster;

import java.util.concurrent.CompletionStage;
import org.openkas.common.AgentToken;

/**
 * How many calls a token may make in one UTC minute, counted over all servers (chapter 01 §3.7). Thread-safe; never blocks, so
 * that it can be asked where events arise.
 */
public interface TokenLimiter {

    /**
     * Counts one call; false if the limit of this minute is reached, and then the call does not count. Never fails: where the
     * count cannot be shared, each server counts for itself. What hangs on the answer must not block.
     */
    CompletionStage<Boolean> allow(AgentToken token);
}
