package org.openkas.cluster;

import com.google.protobuf.ByteString;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.openkas.common.AgentType;
import org.openkas.proto.agenttracker.ConnectedAgentInfo;
import org.openkas.proto.redistool.ExpiringValue;

/**
 * The connections of one type of agent that this server answers for, and when what it wrote about them expires. Not
 * thread-safe: one owner. All times are seconds since the epoch.
 */
final class HeldConnections {
    private final AgentType type;
    private final RedisKeys keys;
    private final Map<Key, Held> connections = new HashMap<>();
    private final Map<Long, Agent> agents = new HashMap<>();

    private record Key(long projectId, long agentId, long connectionId) {
        static Key of(ConnectedAgentInfo connection) {
            return new Key(connection.getProjectId(), connection.getAgentId(), connection.getConnectionId());
        }

        ByteString field() {
            return text(connectionId);
        }
    }

    /** One connection; after {@code end} nobody renews it any more. */
    private static final class Held {
        private final ConnectedAgentInfo info;
        private final long end;
        private long expiry;

        private Held(ConnectedAgentInfo info, long end) {
            this.info = info;
            this.end = end;
        }
    }

    /** One agent, as long as it has connections here. */
    private static final class Agent {
        private final Set<Key> connections = new HashSet<>();
        private long expiry;
    }

    HeldConnections(AgentType type, RedisKeys keys) {
        this.type = type;
        this.keys = keys;
    }

    /** Holds a connection, or holds it anew. */
    void put(ConnectedAgentInfo info, long end) {
        Key key = Key.of(info);
        connections.put(key, new Held(info, end));
        agents.computeIfAbsent(key.agentId, ignored -> new Agent()).connections.add(key);
    }

    /** Does not hold it any more. */
    void remove(ConnectedAgentInfo info) {
        Key key = Key.of(info);
        connections.remove(key);
        leave(key);
    }

    private void leave(Key key) {
        agents.computeIfPresent(key.agentId, (id, agent) -> {
            agent.connections.remove(key);
            return agent.connections.isEmpty() ? null : agent;
        });
    }

    /** Drops the connections whose time is over. */
    void expire(long now) {
        for (Iterator<Map.Entry<Key, Held>> all = connections.entrySet().iterator(); all.hasNext();) {
            Map.Entry<Key, Held> one = all.next();
            if (one.getValue().end <= now) {
                all.remove();
                leave(one.getKey());
            }
        }
    }

    /** What is to be written about one connection, which is held; it then expires at {@code expiry} or at its end. */
    Writes about(ConnectedAgentInfo info, long expiry) {
        Writes writes = new Writes();
        Key key = Key.of(info);
        Held held = connections.get(key);
        if (held != null) {
            write(writes, key, held, expiry);
            write(writes, key.agentId, expiry);
        }
        return writes;
    }

    /** The same about what expires before {@code due} and can live longer, {@code most} entries of it; empty when that is all. */
    Writes due(long due, long expiry, int most) {
        Writes writes = new Writes();
        for (Map.Entry<Key, Held> one : connections.entrySet()) {
            if (writes.count >= most) {
                return writes;
            }
            Held held = one.getValue();
            if (held.expiry < due && held.expiry < Math.min(expiry, held.end)) {
                write(writes, one.getKey(), held, expiry);
            }
        }
        for (Map.Entry<Long, Agent> one : agents.entrySet()) {
            if (writes.count >= most) {
                return writes;
            }
            Agent agent = one.getValue();
            if (agent.expiry < due && agent.expiry < Math.min(expiry, end(agent))) {
                write(writes, one.getKey(), expiry);
            }
        }
        return writes;
    }

    /** Redis may have forgotten everything. */
    void forgotten() {
        connections.values().forEach(held -> held.expiry = 0);
        agents.values().forEach(agent -> agent.expiry = 0);
    }

    private void write(Writes writes, Key key, Held held, long expiry) {
        writes.count++;
        held.expiry = Math.min(expiry, held.end);
        ExpiringValue value = ExpiringValue.newBuilder().setExpiresAt(held.expiry).setValue(held.info.toByteString()).build();
        writes.byProject.add(keys.connectionsOfProject(type, key.projectId), key.field(), value);
        writes.byAgent.add(keys.connectionsOfAgent(type, key.agentId), key.field(), value);
    }

    private void write(Writes writes, long agentId, long expiry) {
        Agent agent = agents.get(agentId);
        if (agent != null) {
            writes.count++;
            agent.expiry = Math.min(expiry, end(agent));
            writes.agents.add(keys.connectedAgents(type), text(agentId), ExpiringValue.newBuilder().setExpiresAt(agent.expiry).build());
        }
    }

    private long end(Agent agent) {
        long end = 0;
        for (Key key : agent.connections) {
            Held held = connections.get(key);
            end = held == null ? end : Math.max(end, held.end);
        }
        return end;
    }

    /** The hashes that this server has entries in, by kind. */
    List<List<ByteString>> hashes() {
        List<ByteString> byProject = connections.keySet().stream().map(Key::projectId).distinct()
                .map(id -> keys.connectionsOfProject(type, id)).toList();
        List<ByteString> byAgent = agents.keySet().stream().map(id -> keys.connectionsOfAgent(type, id)).toList();
        return List.of(byProject, byAgent, agents.isEmpty() ? List.of() : List.of(keys.connectedAgents(type)));
    }

    private static ByteString text(long number) {
        return ByteString.copyFromUtf8(Long.toString(number));
    }

    /** Entries of the three kinds of hashes; each kind is written by transactions of its own. */
    static final class Writes {
        private final ExpiringHashes.Batch byProject = new ExpiringHashes.Batch();
        private final ExpiringHashes.Batch byAgent = new ExpiringHashes.Batch();
        private final ExpiringHashes.Batch agents = new ExpiringHashes.Batch();
        private int count;

        boolean isEmpty() {
            return count == 0;
        }

        List<ExpiringHashes.Batch> all() {
            return List.of(byProject, byAgent, agents);
        }
    }
}
