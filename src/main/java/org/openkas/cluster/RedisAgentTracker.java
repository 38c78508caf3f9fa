package org.openkas.cluster;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import org.openkas.common.AgentType;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.proto.agenttracker.ConnectedAgentInfo;

/**
 * Which agents are connected to the servers of a cluster, in Redis (chapter 04 §7.5, §8). What this server wrote it renews in time:
 * at each tick everything that would expire before the tick after the next. What could not be written while Redis was lost is
 * made good when it is back. Calls block for a few times {@code redis.write_timeout} at most, and fail at once while Redis is lost.
 * Thread-safe.
 *
 * <p>
 * A record that its agent renews itself, every five minutes, is kept alive for a minute more than that, or than the time to
 * live where that is longer.
 */
final class RedisAgentTracker implements AgentTracker, AutoCloseable {
    private static final int PORTION = 2_000;

    private final RedisLink link;
    private final RedisKeys keys;
    private final ExpiringHashes hashes;
    private final Periods periods;
    private final Log log;
    private final Map<AgentType, HeldConnections> held = new EnumMap<>(AgentType.class);
    private final List<Periodic> tasks = new ArrayList<>();

    /**
     * {@code agent.redis_conn_info_...}.
     *
     * @param ttl how long a record lives
     * @param refresh how often records are renewed
     * @param collect how often expired ones are removed
     */
    record Periods(Duration ttl, Duration refresh, Duration collect) {
        private long life() {
            return (ttl.compareTo(MemoryAgentTracker.PERIOD) > 0 ? ttl : MemoryAgentTracker.PERIOD).plus(MemoryAgentTracker.DELAY)
                    .toSeconds();
        }
    }

    RedisAgentTracker(RedisLink link, RedisKeys keys, ExpiringHashes hashes, Periods periods, Log log) {
        this.link = link;
        this.keys = keys;
        this.hashes = hashes;
        this.periods = periods;
        this.log = log;
        for (AgentType type : AgentType.values()) {
            held.put(type, new HeldConnections(type, keys));
        }
    }

    /** Begins to renew records. */
    void begin(Timers timers) {
        tasks.add(new Periodic(timers, periods.refresh(), this::refresh));
        tasks.add(new Periodic(timers, periods.collect(), this::collect));
        link.follow(session -> restore());
    }

    @Override
    public void register(AgentType type, ConnectedAgentInfo connection, boolean refreshed) throws TrackerException {
        List<CompletionStage<?>> sent = new ArrayList<>();
        // in the order of calls, as a record that comes back behind its removal would stay
        synchronized (this) {
            HeldConnections of = of(type);
            of.put(connection, refreshed ? Long.MAX_VALUE : hashes.seconds() + periods.life());
            of.about(connection, hashes.expiry()).all().forEach(batch -> sent.addAll(hashes.set(batch)));
        }
        try {
            await(sent);
        } catch (TrackerException e) {
            forget();
            throw e;
        }
    }

    @Override
    public void unregister(AgentType type, ConnectedAgentInfo connection) throws TrackerException {
        ByteString field = ByteString.copyFromUtf8(Long.toString(connection.getConnectionId()));
        List<CompletionStage<?>> sent;
        synchronized (this) {
            of(type).remove(connection);
            sent = List.of(hashes.unset(keys.connectionsOfProject(type, connection.getProjectId()), field),
                    hashes.unset(keys.connectionsOfAgent(type, connection.getAgentId()), field));
        }
        await(sent);
    }

    @Override
    public List<ConnectedAgentInfo> byAgent(long agentId) throws TrackerException {
        return read(keys.connectionsOfAgent(AgentType.AGENTK, agentId));
    }

    @Override
    public List<ConnectedAgentInfo> byProject(long projectId) throws TrackerException {
        return read(keys.connectionsOfProject(AgentType.AGENTK, projectId));
    }

    @Override
    public List<ConnectedAgentInfo> all() throws TrackerException {
        try {
            List<ByteString> agents = new ArrayList<>();
            for (ByteString id : hashes.read(keys.connectedAgents(AgentType.AGENTK)).keySet()) {
                agents.add(keys.connectionsOfAgent(AgentType.AGENTK, Long.parseLong(id.toStringUtf8())));
            }
            return hashes.read(agents).stream().flatMap(values -> parse(values.values()).stream()).toList();
        } catch (RedisFailure e) {
            throw failed(e);
        } catch (NumberFormatException e) {
            throw new TrackerException("an agent in Redis has no number", e);
        }
    }

    @Override
    public long connectedAgents() throws TrackerException {
        try {
            return hashes.length(keys.connectedAgents(AgentType.AGENTK));
        } catch (RedisFailure e) {
            throw failed(e);
        }
    }

    private List<ConnectedAgentInfo> read(ByteString key) throws TrackerException {
        try {
            return parse(hashes.read(key).values());
        } catch (RedisFailure e) {
            throw failed(e);
        }
    }

    private List<ConnectedAgentInfo> parse(Collection<ByteString> values) {
        List<ConnectedAgentInfo> connections = new ArrayList<>();
        for (ByteString value : values) {
            try {
                connections.add(ConnectedAgentInfo.parseFrom(value));
            } catch (InvalidProtocolBufferException e) {
                log.withError(e).error("Redis proto.Unmarshal(ConnectedAgentInfo)");
            }
        }
        return connections;
    }

    private void refresh() {
        long due = hashes.seconds() + 2 * periods.refresh().toSeconds() + 1;
        held.values().forEach(of -> renew(of, due));
    }

    private void restore() {
        forget();
        held.values().forEach(of -> renew(of, Long.MAX_VALUE));
    }

    /** In portions, as what waits for Redis is bounded. */
    private void renew(HeldConnections of, long due) {
        try {
            synchronized (this) {
                of.expire(hashes.seconds());
            }
            while (true) {
                List<CompletionStage<?>> sent = new ArrayList<>();
                synchronized (this) {
                    HeldConnections.Writes writes = of.due(due, hashes.expiry(), PORTION);
                    if (writes.isEmpty()) {
                        return;
                    }
                    writes.all().forEach(batch -> sent.addAll(hashes.set(batch)));
                }
                hashes.await(sent);
            }
        } catch (RedisFailure e) {
            forget();
            log.withError(e).error("Failed to refresh hash data in Redis");
        }
    }

    /** Nobody knows what of it arrived: the next tick writes everything. */
    private synchronized void forget() {
        held.values().forEach(HeldConnections::forgotten);
    }

    private void collect() {
        List<List<ByteString>> kinds = new ArrayList<>();
        synchronized (this) {
            held.values().forEach(of -> kinds.addAll(of.hashes()));
        }
        long removed = 0;
        for (List<ByteString> kind : kinds) {
            try {
                removed += hashes.collect(kind);
            } catch (RedisFailure e) {
                log.withError(e).error("Failed to GC data in Redis");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                log.withError(e).debug("Redis GC interrupted");
                return;
            }
        }
        if (removed > 0) {
            log.with("removed_hash_keys", removed).info("Deleted expired agent connections records");
        }
    }

    private HeldConnections of(AgentType type) {
        return Objects.requireNonNull(held.get(type));
    }

    private void await(List<CompletionStage<?>> sent) throws TrackerException {
        try {
            hashes.await(sent);
        } catch (RedisFailure e) {
            throw failed(e);
        }
    }

    private static TrackerException failed(RedisFailure e) {
        return new TrackerException(String.valueOf(e.getMessage()), e);
    }

    /** Renews nothing any more. */
    @Override
    public void close() {
        tasks.forEach(Periodic::close);
    }
}
