package org.openkas.routing;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.openkas.cluster.TrackerException;
import org.openkas.cluster.TunnelTracker;
import org.openkas.common.Log;
import org.openkas.common.SparseReport;
import org.openkas.common.Timers;

/**
 * Which servers have idle tunnels of an agent, as far as is known (chapter 04 §5.5). However many searches want to know, an
 * agent is asked about by one of them at a time, every 50 ms while anybody wants to know; nobody waits for an answer.
 * What was found last is known for some minutes more, also while the tracker cannot be reached. Thread-safe.
 */
final class GatewayUrls {
    static final Duration PERIOD = Duration.ofMillis(50);
    static final Duration RETENTION = Duration.ofMinutes(5);
    /** Agents whose servers are remembered; further ones are asked about. */
    private static final int MOST_AGENTS = 100_000;

    private final TunnelTracker tracker;
    private final Timers timers;
    private final Executor executor;
    private final Log log;
    private final SparseReport reports;
    private final Cache<Long, List<String>> known;
    private final Map<Long, Poll> polls = new HashMap<>();

    /** The questions about one agent. Guarded by the lock of its owner. */
    private static final class Poll {
        private final List<Watch> watches = new ArrayList<>();
    }

    /** Somebody who wants to know; equal only to itself. */
    private static final class Watch {
        private final Consumer<List<String>> told;

        private Watch(Consumer<List<String>> told) {
            this.told = told;
        }
    }

    GatewayUrls(TunnelTracker tracker, Timers timers, Executor executor, Log log) {
        this.tracker = tracker;
        this.timers = timers;
        this.executor = executor;
        this.log = log;
        reports = new SparseReport(timers, log);
        known = Caffeine.newBuilder().maximumSize(MOST_AGENTS).expireAfterAccess(RETENTION).ticker(timers::nanos).executor(Runnable::run)
                .build();
    }

    /** What was found last; may be out of date, or empty. */
    List<String> known(long agentId) {
        List<String> urls = known.getIfPresent(agentId);
        return urls == null ? List.of() : urls;
    }

    /** Tells {@code told} all servers again and again, the first time soon, until it is cancelled; never that there are none. */
    Timers.Cancellable watch(long agentId, Consumer<List<String>> told) {
        Watch watch = new Watch(told);
        boolean first;
        synchronized (this) {
            first = !polls.containsKey(agentId);
            polls.computeIfAbsent(agentId, _ -> new Poll()).watches.add(watch);
        }
        if (first) {
            executor.execute(() -> ask(agentId));
        }
        return () -> leave(agentId, watch);
    }

    /** The poll finds out that nobody is left when its turn comes, so that those who come and go do not ask more often. */
    private synchronized void leave(long agentId, Watch watch) {
        Poll poll = polls.get(agentId);
        if (poll != null) {
            poll.watches.remove(watch);
        }
    }

    private void ask(long agentId) {
        if (abandoned(agentId)) {
            return;
        }
        try {
            tell(agentId, List.copyOf(tracker.gateways(agentId)));
        } catch (TrackerException | RuntimeException e) {
            reports.error("KasUrlsByAgentId() failed", e, log.with("agent_id", agentId)); // many ask many times a second
        }
        timers.after(PERIOD, () -> ask(agentId));
    }

    private synchronized boolean abandoned(long agentId) {
        Poll poll = polls.get(agentId);
        if (poll != null && !poll.watches.isEmpty()) {
            return false;
        }
        polls.remove(agentId);
        return true;
    }

    private void tell(long agentId, List<String> urls) {
        List<Watch> watches;
        synchronized (this) {
            Poll poll = polls.get(agentId);
            watches = poll == null ? List.of() : List.copyOf(poll.watches);
        }
        if (urls.isEmpty()) {
            known.invalidate(agentId);
            return;
        }
        known.put(agentId, urls);
        watches.forEach(watch -> watch.told.accept(urls));
    }

    /** How many agents are asked about. */
    synchronized int polls() {
        return polls.size();
    }
}
