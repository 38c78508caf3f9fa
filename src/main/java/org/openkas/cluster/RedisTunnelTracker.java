package org.openkas.cluster;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.openkas.common.Log;
import org.openkas.proto.redistool.ExpiringValue;

/**
 * Which servers have idle tunnels, in Redis (chapter 04 §7.4). What could not be written while Redis was lost is made good when it
 * is back. Calls block for {@code redis.write_timeout} at most, and fail at once while Redis is lost. Thread-safe.
 */
final class RedisTunnelTracker implements TunnelTracker {
    /** Agents of which the last such bits of the id are equal are renewed together. */
    private static final int GROUP = 0xFF;

    /** How many agents are written at once, as what waits for Redis is bounded. */
    private static final int PORTION = 2_000;

    private final RedisLink link;
    private final RedisKeys keys;
    private final ExpiringHashes hashes;
    private final List<ByteString> ownUrls;
    private final Log log;
    /** Agents with an idle tunnel here. */
    private final Set<Long> here = new HashSet<>();
    /** Agents without one, of whom Redis may not know it. */
    private final Set<Long> gone = new HashSet<>();

    RedisTunnelTracker(RedisLink link, RedisKeys keys, ExpiringHashes hashes, List<String> ownUrls, Log log) {
        this.link = link;
        this.keys = keys;
        this.hashes = hashes;
        this.ownUrls = ownUrls.stream().map(ByteString::copyFromUtf8).toList();
        this.log = log;
    }

    /** Begins to make good what is missing when Redis comes back. */
    void begin() {
        link.follow(session -> restore());
    }

    @Override
    public void register(long agentId) throws TrackerException {
        List<CompletionStage<Void>> sent;
        // in the order of calls, as an entry that comes back behind its removal would mislead all servers
        synchronized (this) {
            here.add(agentId);
            gone.remove(agentId);
            sent = hashes.set(batch(List.of(agentId)));
        }
        await(sent);
    }

    @Override
    public void unregister(long agentId) throws TrackerException {
        List<CompletionStage<Long>> sent;
        synchronized (this) {
            here.remove(agentId);
            gone.add(agentId);
            sent = unset(agentId);
        }
        await(sent);
        synchronized (this) {
            gone.remove(agentId);
        }
    }

    @Override
    public void refresh(Collection<Long> agentIds) throws TrackerException {
        TreeMap<Long, List<Long>> groups = new TreeMap<>();
        agentIds.forEach(id -> groups.computeIfAbsent(id & GROUP, group -> new ArrayList<>()).add(id));
        TrackerException failure = null;
        for (List<Long> group : groups.values()) {
            try {
                refreshGroup(group);
            } catch (TrackerException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private void refreshGroup(List<Long> group) throws TrackerException {
        List<CompletionStage<Void>> sent;
        synchronized (this) {
            here.addAll(group);
            gone.removeAll(group);
            sent = hashes.set(batch(group));
        }
        await(sent);
    }

    @Override
    public List<String> gateways(long agentId) throws TrackerException {
        try {
            return hashes.read(keys.gateways(agentId)).keySet().stream().map(ByteString::toStringUtf8).toList();
        } catch (RedisFailure e) {
            throw failed(e);
        }
    }

    private ExpiringHashes.Batch batch(Collection<Long> agentIds) {
        ExpiringValue value = ExpiringValue.newBuilder().setExpiresAt(hashes.expiry()).build();
        ExpiringHashes.Batch batch = new ExpiringHashes.Batch();
        agentIds.forEach(id -> ownUrls.forEach(url -> batch.add(keys.gateways(id), url, value)));
        return batch;
    }

    private List<CompletionStage<Long>> unset(long agentId) {
        return ownUrls.stream().map(url -> hashes.unset(keys.gateways(agentId), url)).toList();
    }

    private void restore() {
        List<Long> all;
        synchronized (this) {
            all = Stream.concat(gone.stream(), here.stream()).toList();
        }
        try {
            for (int from = 0; from < all.size(); from += PORTION) {
                restore(all.subList(from, Math.min(all.size(), from + PORTION)));
            }
        } catch (RedisFailure e) {
            log.withError(e).error("Failed to refresh data");
        }
    }

    /** What has become of these agents since then counts. */
    private void restore(List<Long> agentIds) throws RedisFailure {
        List<CompletionStage<?>> sent = new ArrayList<>();
        List<Long> removed;
        synchronized (this) {
            removed = agentIds.stream().filter(gone::contains).toList();
            removed.forEach(id -> sent.addAll(unset(id)));
            sent.addAll(hashes.set(batch(agentIds.stream().filter(here::contains).toList())));
        }
        hashes.await(sent);
        synchronized (this) {
            removed.forEach(gone::remove);
        }
    }

    private void await(List<? extends CompletionStage<?>> sent) throws TrackerException {
        try {
            hashes.await(sent);
        } catch (RedisFailure e) {
            throw failed(e);
        }
    }

    private static TrackerException failed(RedisFailure e) {
        return new TrackerException(String.valueOf(e.getMessage()), e);
    }
}
