package org.openkas.watch;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.openkas.common.Backoff;
import org.openkas.common.Timers;
import org.openkas.websocket.CloseReason;

/**
 * All watches of one WebSocket (chapter 07 §8.3): does what the client says, within bounds of number and memory. Used by one
 * thread.
 */
public final class WatchSession {
    /** The only subprotocol that it is spoken with. */
    public static final String SUBPROTOCOL = "gitlab-agent-watch-api";
    /** Of one message of a client. */
    public static final int LARGEST_MESSAGE = 64 << 10;

    static final int MOST_WATCHES = 100;
    /** About 120 bytes each. */
    static final int MOST_OBJECTS = 50_000;
    static final int MOST_BYTES = 16 << 20;
    private static final int POLICY_VIOLATION = 1008;
    /** Clusters end watches now and then, and agents restart. */
    private static final Backoff.Policy AGAIN = Backoff.Policy.doubling(Duration.ofMillis(100), Duration.ofSeconds(30),
            Duration.ofMinutes(2));

    private final WatchClient client;
    private final Cluster cluster;
    private final Supplier<Alarm> alarms;
    private final Timers timers;
    private final RandomGenerator random;
    private final Runnable begun;
    private final ClusterWatch.Room room = new ClusterWatch.Room(new Budget(MOST_BYTES), new Budget(MOST_OBJECTS));
    private final Map<String, ClusterWatch> watches = new LinkedHashMap<>();

    /**
     * Nothing is watched yet.
     *
     * @param alarms makes alarms of the connection's thread
     * @param begun told of each watch that begins
     */
    public WatchSession(WatchClient client, Cluster cluster, Supplier<Alarm> alarms, Timers timers, RandomGenerator random,
            Runnable begun) {
        this.client = client;
        this.cluster = cluster;
        this.alarms = alarms;
        this.timers = timers;
        this.random = random;
        this.begun = begun;
    }

    /** The client has said this. */
    public void message(String text) {
        switch (ClientMessageReader.read(text)) {
            case ClientMessage.Watch(String id, WatchTarget target) -> watch(id, target);
            case ClientMessage.Unwatch(String id) -> unwatch(id);
            case ClientMessage.Unusable(String id, String reason) -> client.send(ServerMessages.error(id, reason));
            case ClientMessage.Foreign(String reason) -> client.end(new CloseReason(POLICY_VIOLATION, reason));
        }
    }

    private void watch(String id, WatchTarget target) {
        if (watches.containsKey(id)) {
            client.send(ServerMessages.error(id, "a watch with this watch_id is open"));
            return;
        }
        if (watches.size() >= MOST_WATCHES) {
            client.send(ServerMessages.error(id, "a connection may have " + MOST_WATCHES + " watches at most"));
            return;
        }
        begun.run();
        ClusterWatch watch = new ClusterWatch(id, target, cluster, client, room, alarms.get(), AGAIN.begin(timers, random),
                () -> watches.remove(id));
        watches.put(id, watch);
        watch.begin();
    }

    private void unwatch(String id) {
        ClusterWatch watch = watches.remove(id);
        if (watch == null) {
            client.send(ServerMessages.error(id, "no watch with this watch_id is open"));
        } else {
            watch.stop();
            client.send(ServerMessages.stop(id));
        }
    }

    /** The client takes more. */
    public void writable() {
        List.copyOf(watches.values()).forEach(ClusterWatch::writable);
    }

    /** Nobody watches any more: ends all requests. */
    public void close() {
        watches.values().forEach(ClusterWatch::stop);
        watches.clear();
    }
}
