package org.openkas.cluster;

import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.openkas.common.Timers;
import org.openkas.proto.agenttracker.ConnectedAgentInfo;

/**
 * Connections of one type of agent, found by agent and by project. Records that nobody refreshes all live equally long,
 * so the order in which they were written is the order in which they expire, and each call drops the expired ones from
 * the front. Thread-safe.
 */
final class ConnectionIndex {

    private record Key(long projectId, long agentId, long connectionId) {
        static Key of(ConnectedAgentInfo connection) {
            return new Key(connection.getProjectId(), connection.getAgentId(), connection.getConnectionId());
        }
    }

    private final Timers timers;
    private final long lifeNanos;
    private final Map<Key, ConnectedAgentInfo> live = new HashMap<>();
    private final Map<Long, Map<Key, ConnectedAgentInfo>> byAgent = new HashMap<>();
    private final Map<Long, Map<Key, ConnectedAgentInfo>> byProject = new HashMap<>();
    private final LinkedHashMap<Key, Long> deadlines = new LinkedHashMap<>();

    ConnectionIndex(Timers timers, Duration life) {
        this.timers = timers;
        lifeNanos = life.toNanos();
    }

    synchronized void put(ConnectedAgentInfo connection, boolean refreshed) {
        expire();
        Key key = Key.of(connection);
        live.put(key, connection);
        byAgent.computeIfAbsent(key.agentId(), id -> new HashMap<>()).put(key, connection);
        byProject.computeIfAbsent(key.projectId(), id -> new HashMap<>()).put(key, connection);
        // out and in again, because a key that is replaced in place would keep its old position
        deadlines.remove(key);
        if (!refreshed) {
            deadlines.put(key, timers.nanos() + lifeNanos);
        }
    }

    synchronized void remove(ConnectedAgentInfo connection) {
        expire();
        Key key = Key.of(connection);
        deadlines.remove(key);
        forget(key);
    }

    synchronized List<ConnectedAgentInfo> byAgent(long agentId) {
        expire();
        return List.copyOf(byAgent.getOrDefault(agentId, Map.of()).values());
    }

    synchronized List<ConnectedAgentInfo> byProject(long projectId) {
        expire();
        return List.copyOf(byProject.getOrDefault(projectId, Map.of()).values());
    }

    synchronized List<ConnectedAgentInfo> all() {
        expire();
        return List.copyOf(live.values());
    }

    synchronized long agents() {
        expire();
        return byAgent.size();
    }

    private void expire() {
        long now = timers.nanos();
        for (Iterator<Map.Entry<Key, Long>> oldest = deadlines.entrySet().iterator(); oldest.hasNext();) {
            Map.Entry<Key, Long> next = oldest.next();
            if (next.getValue() - now > 0) {
                return;
            }
            oldest.remove();
            forget(next.getKey());
        }
    }

    private void forget(Key key) {
        live.remove(key);
        forget(byAgent, key.agentId(), key);
        forget(byProject, key.projectId(), key);
    }

    private static void forget(Map<Long, Map<Key, ConnectedAgentInfo>> index, long id, Key key) {
        index.computeIfPresent(id, (same, connections) -> {
            connections.remove(key);
            return connections.isEmpty() ? null : connections;
        });
    }
}
