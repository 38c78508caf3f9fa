package org.openkas.gitlab;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.openkas.cluster.ErrorCache;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.gitlab.GitLabException.Kind;
import org.openkas.proto.gitlab.ClientError;

/**
 * Remembers who agents are (chapter 02 §4), and carries the server over times in which GitLab does not answer: answers that
 * have expired serve a little longer then, and all callers together ask GitLab only a few times a second. Thread-safe.
 */
public final class CachedAgentInfoSource implements AgentInfoSource {
    private static final long MOST_ENTRIES = 100_000;
    /** How often in a second all tokens together whose last answer made no sense are asked for again. */
    private static final int UNUSABLE_PER_SECOND = 4;

    private final AgentInfoSource source;
    private final ErrorCache errors;
    private final Lifetimes lifetimes;
    private final Timers timers;
    private final Executor executor;
    private final Log log;
    private final Cache<AgentToken, Entry> entries;
    private final LoadShedding shedding;
    private final RateWindow unusable;

    /**
     * How long answers serve.
     *
     * @param ok a good answer; zero for not at all, and then errors are not remembered either
     * @param error that GitLab said no
     * @param stale a good answer after it has expired, while GitLab does not answer; zero for not at all
     */
    public record Lifetimes(Duration ok, Duration error, Duration stale) {
    }

    /** What is known of one token. Fields are written by whoever has the turn. */
    private final class Entry {
        private final Turns turns = new Turns(failure -> true);
        private volatile @Nullable Known known;
        private volatile @Nullable GitLabException unusable;

        private Optional<AgentInfo> within(Duration lifetime) {
            Known now = known;
            return now != null && timers.nanos() - now.sinceNanos() < lifetime.toNanos() ? Optional.of(now.info()) : Optional.empty();
        }

        private Optional<AgentInfo> fresh() {
            return within(lifetimes.ok());
        }

        private Optional<AgentInfo> stale() {
            return within(lifetimes.ok().plus(lifetimes.stale()));
        }
    }

    private record Known(AgentInfo info, long sinceNanos) {
    }

    /**
     * A cache in front of a source.
     *
     * @param executor starts each task at once on a thread of its own
     * @param log for failures that no caller sees, because an older answer served
     */
    public CachedAgentInfoSource(AgentInfoSource source, ErrorCache errors, Lifetimes lifetimes, Timers timers, Executor executor,
            Log log) {
        this.source = source;
        this.errors = errors;
        this.lifetimes = lifetimes;
        this.timers = timers;
        this.executor = executor;
        this.log = log;
        this.entries = Caffeine.newBuilder().maximumSize(MOST_ENTRIES).expireAfterAccess(lifetimes.ok().plus(lifetimes.stale()))
                .ticker(timers::nanos).executor(Runnable::run).build();
        this.shedding = new LoadShedding(timers);
        this.unusable = new RateWindow(UNUSABLE_PER_SECOND, timers);
    }

    @Override
    public AgentInfo agentInfo(AgentToken token) throws GitLabException, InterruptedException {
        if (lifetimes.ok().isZero() || token.type() != AgentType.AGENTK) {
            // remembered errors know nothing of kinds of agents, and a token of one kind must not spoil that of another
            return ask(token);
        }
        Entry entry = entries.get(token, key -> new Entry());
        Optional<AgentInfo> fresh = entry.fresh();
        if (fresh.isPresent()) {
            return fresh.get();
        }
        Optional<GitLabException> failing = shedding.failure();
        try {
            return failing.isPresent()
                    ? whileFailing(token, entry, failing.get())
                    : entry.turns.take(entry::fresh, () -> lookUp(token, entry));
        } catch (GitLabException e) {
            Optional<AgentInfo> stale = e.kind() == Kind.UNAVAILABLE ? entry.stale() : Optional.empty();
            if (stale.isEmpty()) {
                throw e;
            }
            report(e);
            return stale.get();
        }
    }

    /** Never waits for others: a GitLab that fails may do so slowly. */
    private AgentInfo whileFailing(AgentToken token, Entry entry, GitLabException failure) throws GitLabException, InterruptedException {
        Optional<AgentInfo> stale = entry.stale();
        if (stale.isPresent()) {
            if (shedding.probeWouldPass()) {
                executor.execute(() -> refresh(token, entry));
            }
            return stale.get();
        }
        Optional<AgentInfo> answer = entry.turns.takeIfFree(entry::fresh, () -> lookUp(token, entry));
        if (answer.isEmpty()) {
            throw failure;
        }
        return answer.get();
    }

    private void refresh(AgentToken token, Entry entry) {
        try {
            // an answer is remembered by the way; if somebody else is asking there is nothing to do
            entry.turns.takeIfFree(entry::fresh, () -> lookUp(token, entry)).ifPresent(ignored -> {
            });
        } catch (GitLabException e) {
            report(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void report(GitLabException failure) {
        if (failure.kind() == Kind.UNAVAILABLE && failure.firstReport()) {
            AgentLookup.report(failure, log);
        }
    }

    /** Runs while this thread has the turn of the entry. */
    private AgentInfo lookUp(AgentToken token, Entry entry) throws GitLabException, InterruptedException {
        ByteString key = ByteString.copyFrom(token.key());
        Optional<ClientError> refusal = errors.find(ErrorCache.Lookup.AGENT_INFO, key);
        if (refusal.isPresent()) {
            entry.known = null;
            entries.asMap().remove(token, entry);
            throw GitLabException.status(refusal.get().getStatusCode(), refusal.get().getPath(), refusal.get().getReason()).again();
        }
        throttleUnusable(entry);
        try {
            AgentInfo info = ask(token);
            entry.known = new Known(info, timers.nanos());
            entry.unusable = null;
            return info;
        } catch (GitLabException e) {
            if (e.kind() == Kind.UNAVAILABLE) {
                entry.unusable = e.outage() ? null : e.again();
            } else {
                entry.known = null;
                entry.unusable = null;
                errors.remember(ErrorCache.Lookup.AGENT_INFO, key, ClientError.newBuilder().setStatusCode(e.statusCode()).setPath(e.path())
                        .setReason(e.reason()).build(), lifetimes.error());
            }
            throw e;
        }
    }

    private void throttleUnusable(Entry entry) throws GitLabException {
        GitLabException last = entry.unusable;
        if (last == null) {
            return;
        }
        synchronized (unusable) {
            if (!unusable.hasRoom()) {
                throw last.again();
            }
            unusable.count();
        }
    }

    private AgentInfo ask(AgentToken token) throws GitLabException, InterruptedException {
        try (LoadShedding.Call call = shedding.admit()) {
            try {
                AgentInfo info = source.agentInfo(token);
                call.answered();
                return info;
            } catch (GitLabException e) {
                call.failed(e);
                throw e;
            }
        }
    }
}
