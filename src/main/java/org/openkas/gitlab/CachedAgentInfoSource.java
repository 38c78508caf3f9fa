package org.openkas.gitlab;

import com.google.protobuf.ByteString;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.openkas.cluster.ErrorCache;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.common.Log;
import org.openkas.common.Timers;

/** Remembers who agents are (chapter 02 §4), as {@link CachedLookup} says. Thread-safe. */
public final class CachedAgentInfoSource implements AgentInfoSource {
    private final CachedLookup<AgentToken, AgentInfo> lookup;

    /**
     * A cache in front of a source.
     *
     * @param executor starts each task at once on a thread of its own
     * @param log for failures that no caller sees, because an older answer served
     */
    public CachedAgentInfoSource(AgentInfoSource source, ErrorCache errors, CachedLookup.Lifetimes lifetimes, Timers timers,
            Executor executor, Log log) {
        lookup = new CachedLookup<>((token, occasion) -> source.agentInfo(token),
                new CachedLookup.Refusals<>(errors, ErrorCache.Lookup.AGENT_INFO, token -> ByteString.copyFrom(token.key())), lifetimes,
                timers, executor, failure -> AgentLookup.report(failure, log));
    }

    @Override
    public Optional<AgentInfo> known(AgentToken token) {
        return token.type() == AgentType.AGENTK ? lookup.remembered(token) : Optional.empty();
    }

    @Override
    public AgentInfo agentInfo(AgentToken token) throws GitLabException, InterruptedException {
        // remembered errors know nothing of kinds of agents, and a token of one kind must not spoil that of another
        return token.type() == AgentType.AGENTK ? lookup.find(token) : lookup.ask(token);
    }
}
