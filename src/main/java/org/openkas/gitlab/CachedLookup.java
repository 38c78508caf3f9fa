package org.openkas.gitlab;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.openkas.cluster.ErrorCache;
import org.openkas.common.Timers;
import org.openkas.gitlab.GitLabException.Kind;
import org.openkas.proto.gitlab.ClientError;

/**
 * Remembers what GitLab answered (chapter 02 §4), and carries the server over times in which GitLab does not answer: answers
 * that have expired serve a little longer then, and all callers together ask GitLab only a few times a second. While GitLab is
 * slow, who has an expired answer does not wait for it. Thread-safe.
 *
 * @param <K> what is asked about; compared by {@code equals}
 * @param <V> GitLab's answer
 */
public final class CachedLookup<K, V> {
    private static final long MOST_ENTRIES = 100_000;
    /** How often in a second all keys together whose last answer made no sense are asked for again. */
    private static final int UNUSABLE_PER_SECOND = 4;

    private final Source<K, V> source;
    private final Refusals<K> refusals;
    private final Lifetimes lifetimes;
    private final Timers timers;
    private final Executor executor;
    private final Consumer<GitLabException> unseen;
    private final Cache<K, Entry> entries;
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

    /** Asks GitLab; blocks the calling thread. */
    @FunctionalInterface
    public interface Source<K, V> {
        /** GitLab's answer about {@code key}. */
        V ask(K key, Occasion occasion) throws GitLabException, InterruptedException;
    }

    /**
     * Why GitLab is asked.
     *
     * @param known whether GitLab has answered about the key before, not long ago; if not, anybody may have made it up
     * @param waited how long the caller has waited already, while another one asked
     */
    public record Occasion(boolean known, Duration waited) {
    }

    /**
     * Where all servers remember that GitLab said no.
     *
     * @param key the part of the shared key that stands for what was asked about; it must not give secrets away
     */
    public record Refusals<K>(ErrorCache errors, ErrorCache.Lookup lookup, Function<K, ByteString> key) {

        private Optional<ClientError> find(K about) {
            return errors.find(lookup, key.apply(about));
        }

        private void remember(K about, GitLabException refusal, Duration ttl) {
            errors.remember(lookup, key.apply(about), ClientError.newBuilder().setStatusCode(refusal.statusCode()).setPath(refusal.path())
                    .setReason(refusal.reason()).build(), ttl);
        }
    }

    /** What is known of one key. Fields are written by whoever has the turn. */
    private final class Entry {
        private final Turns turns = new Turns(failure -> true);
        private volatile @Nullable Known<V> known;
        private volatile @Nullable GitLabException unusable;

        private Optional<V> within(Duration lifetime) {
            Known<V> now = known;
            return now != null && timers.nanos() - now.sinceNanos() < lifetime.toNanos() ? Optional.of(now.answer()) : Optional.empty();
        }

        private Optional<V> fresh() {
            return within(lifetimes.ok());
        }

        private Optional<V> stale() {
            return within(lifetimes.ok().plus(lifetimes.stale()));
        }
    }

    private record Known<V>(V answer, long sinceNanos) {
    }

    /**
     * A cache in front of a source.
     *
     * @param executor starts each task at once on a thread of its own
     * @param unseen told of failures of GitLab that no caller sees, because an older answer served; once each
     */
    public CachedLookup(Source<K, V> source, Refusals<K> refusals, Lifetimes lifetimes, Timers timers, Executor executor,
            Consumer<GitLabException> unseen) {
        this.source = source;
        this.refusals = refusals;
        this.lifetimes = lifetimes;
        this.timers = timers;
        this.executor = executor;
        this.unseen = unseen;
        this.entries = Caffeine.newBuilder().maximumSize(MOST_ENTRIES).expireAfterAccess(lifetimes.ok().plus(lifetimes.stale()))
                .ticker(timers::nanos).executor(Runnable::run).build();
        this.shedding = new LoadShedding(timers);
        this.unusable = new RateWindow(UNUSABLE_PER_SECOND, timers);
    }

    /**
     * The answer about {@code key}; blocks the calling thread where GitLab must be asked or another caller is asking.
     *
     * @throws GitLabException GitLab's refusal, perhaps a remembered one, or why GitLab gave no usable answer
     */
    public V find(K key) throws GitLabException, InterruptedException {
        if (lifetimes.ok().isZero()) {
            return ask(key);
        }
        long begin = timers.nanos();
        Entry entry = entries.get(key, ignored -> new Entry());
        Optional<V> fresh = entry.fresh();
        if (fresh.isPresent()) {
            return fresh.get();
        }
        if (shedding.slow()) {
            Optional<V> stale = entry.stale();
            if (stale.isPresent()) {
                refreshSoon(key, entry);
                return stale.get();
            }
        }
        Optional<GitLabException> failing = shedding.failure(key);
        try {
            return failing.isPresent()
                    ? whileFailing(key, entry, failing.get())
                    : entry.turns.take(entry::fresh, () -> lookUp(key, entry, begin));
        } catch (GitLabException e) {
            Optional<V> stale = e.kind() == Kind.UNAVAILABLE ? entry.stale() : Optional.empty();
            if (stale.isEmpty()) {
                throw e;
            }
            report(e);
            return stale.get();
        }
    }

    /** The answer about {@code key} if it is remembered and has not expired; never blocks. */
    public Optional<V> remembered(K key) {
        Entry entry = entries.getIfPresent(key);
        return entry == null ? Optional.empty() : entry.fresh();
    }

    /** Never waits for others: a GitLab that fails may do so slowly. */
    private V whileFailing(K key, Entry entry, GitLabException failure) throws GitLabException, InterruptedException {
        Optional<V> stale = entry.stale();
        if (stale.isPresent()) {
            refreshSoon(key, entry);
            return stale.get();
        }
        Optional<V> answer = entry.turns.takeIfFree(entry::fresh, () -> lookUp(key, entry, timers.nanos()));
        if (answer.isEmpty()) {
            throw failure;
        }
        return answer.get();
    }

    private void refreshSoon(K key, Entry entry) {
        if (shedding.probeWouldPass(key)) {
            executor.execute(() -> refresh(key, entry));
        }
    }

    private void refresh(K key, Entry entry) {
        try {
            // an answer is remembered by the way; if somebody else is asking there is nothing to do
            entry.turns.takeIfFree(entry::fresh, () -> lookUp(key, entry, timers.nanos())).ifPresent(ignored -> {
            });
        } catch (GitLabException e) {
            report(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void report(GitLabException failure) {
        if (failure.kind() == Kind.UNAVAILABLE && failure.firstReport()) {
            unseen.accept(failure);
        }
    }

    /** Runs while this thread has the turn of the entry. */
    private V lookUp(K key, Entry entry, long begin) throws GitLabException, InterruptedException {
        Optional<ClientError> refusal = refusals.find(key);
        if (refusal.isPresent()) {
            entry.known = null;
            entries.asMap().remove(key, entry);
            throw GitLabException.status(refusal.get().getStatusCode(), refusal.get().getPath(), refusal.get().getReason()).again();
        }
        throttleUnusable(entry);
        try {
            V answer = ask(key, new Occasion(entry.known != null, Duration.ofNanos(timers.nanos() - begin)));
            entry.known = new Known<>(answer, timers.nanos());
            entry.unusable = null;
            return answer;
        } catch (GitLabException e) {
            if (e.kind() == Kind.UNAVAILABLE) {
                entry.unusable = e.outage() || e.late() ? null : e.again();
                if (e.statusCode() != 0 && !e.outage()) {
                    // GitLab works and said something else than yes
                    entry.known = null;
                }
            } else {
                entry.known = null;
                entry.unusable = null;
                // tokens that somebody makes up do not push out those that are good
                entries.asMap().remove(key, entry);
                refusals.remember(key, e, lifetimes.error());
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

    /** Asks GitLab, whatever is remembered, and remembers nothing; but spares a GitLab that does not answer. */
    public V ask(K key) throws GitLabException, InterruptedException {
        return ask(key, new Occasion(false, Duration.ZERO));
    }

    private V ask(K key, Occasion occasion) throws GitLabException, InterruptedException {
        try (LoadShedding.Call call = shedding.admit(key)) {
            try {
                V answer = source.ask(key, occasion);
                call.answered();
                return answer;
            } catch (GitLabException e) {
                call.failed(e);
                throw e;
            }
        }
    }
}
