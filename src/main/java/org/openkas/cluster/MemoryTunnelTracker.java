package org.openkas.cluster;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.openkas.common.Timers;

/**
 * Tunnels of servers that share a process, or of one server alone (chapter 04 §2.8). Thread-safe; never blocks.
 */
public final class MemoryTunnelTracker implements TunnelTracker {
    private final Cluster cluster;
    private final List<String> ownUrls;
    private final Timers timers;
    private final Duration ttl;

    /** What the servers share. Thread-safe. */
    public static final class Cluster {
        /** The ends of entries, by agent and server. */
        private final Map<Long, Map<String, Instant>> entries = new HashMap<>();

        private synchronized void put(long agentId, List<String> urls, Instant end) {
            Map<String, Instant> servers = entries.computeIfAbsent(agentId, _ -> new HashMap<>());
            urls.forEach(url -> servers.put(url, end));
        }

        private synchronized void remove(long agentId, List<String> urls) {
            Map<String, Instant> servers = entries.getOrDefault(agentId, new HashMap<>());
            urls.forEach(servers::remove);
            if (servers.isEmpty()) {
                entries.remove(agentId);
            }
        }

        private synchronized List<String> of(long agentId, Instant now) {
            Map<String, Instant> servers = entries.getOrDefault(agentId, new HashMap<>());
            servers.values().removeIf(end -> !now.isBefore(end));
            List<String> urls = List.copyOf(servers.keySet());
            if (urls.isEmpty()) {
                entries.remove(agentId);
            }
            return urls;
        }
    }

    /**
     * The part of one server.
     *
     * @param ownUrls under which others reach it
     * @param ttl how long an entry lives that nobody renews
     */
    public MemoryTunnelTracker(Cluster cluster, List<String> ownUrls, Timers timers, Duration ttl) {
        this.cluster = cluster;
        this.ownUrls = List.copyOf(ownUrls);
        this.timers = timers;
        this.ttl = ttl;
    }

    @Override
    public void register(long agentId) {
        cluster.put(agentId, ownUrls, timers.now().plus(ttl));
    }

    @Override
    public void unregister(long agentId) {
        cluster.remove(agentId, ownUrls);
    }

    @Override
    public void refresh(Collection<Long> agentIds) {
        agentIds.forEach(this::register);
    }

    @Override
    public List<String> gateways(long agentId) {
        return cluster.of(agentId, timers.now());
    }
}
