package org.openkas.reversetunnel;

import io.grpc.Status;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedCollection;
import java.util.SequencedSet;
import org.openkas.common.Log;

/**
 * Idle tunnels and the requests that wait for one (chapter 04 §2.5, §2.6).
 *
 * <p>Guarantee: linearizable, that is, each operation happens at one moment between its call and its return. A tunnel that
 * was offered is at any moment idle here, with exactly one request, or removed: none is given to two, none is lost. A
 * request gets a tunnel of its own agent that serves its method, at most one, and none after {@link #abort} returned true. No
 * request waits while a tunnel that suits it is idle: an offer hands the tunnel over before it returns. That a tunnel ended
 * meanwhile is known only when it is used ({@link Tunnel#begin}).
 * Of several tunnels the newest is taken, since its connection is the one most surely alive; of several requests the one
 * that waited longest gets a tunnel.
 *
 * <p>Thread-safe; requests are told outside the lock, on the thread that brought the tunnel.
 */
public final class TunnelRegistry {
    /** How many requests may wait for tunnels of one agent: an agent that froze must not pile them up. */
    public static final int MAX_WAITING = 1_024;
    /** How waiting ends at shutdown. */
    static final Status STOPPED = Status.UNAVAILABLE.withDescription("kas is shutting down");
    /** How a request ends that may not even wait. */
    static final Status CROWDED = Status.RESOURCE_EXHAUSTED.withDescription(MAX_WAITING
            + " requests already wait for a tunnel of this agent: it is too slow, or stopped reading; see whether it is healthy");

    private final Map<AgentKey, SequencedSet<Tunnel>> idle = new HashMap<>();
    private final Map<AgentKey, SequencedSet<FindRequest>> waiting = new HashMap<>();
    private final IdleAgents watch;
    private final Log log;
    private boolean stopped;

    /** An empty registry; {@code log} hears what was left at its end. */
    public TunnelRegistry(Log log) {
        this(IdleAgents.UNWATCHED, log);
    }

    /** An empty registry; {@code watch} hears whose tunnels are idle here, {@code log} what was left at the end. */
    public TunnelRegistry(IdleAgents watch, Log log) {
        this.watch = watch;
        this.log = log;
    }

    /** Looks for a tunnel and waits for one if there is none; tells {@code request}, maybe before this returns. */
    public void find(FindRequest request) {
        Optional<Tunnel> found;
        Status refusal = STOPPED;
        synchronized (this) {
            found = stopped ? Optional.empty() : takeIdle(request);
            if (found.isEmpty() && !stopped) {
                SequencedSet<FindRequest> others = waiting.computeIfAbsent(request.agent(), _ -> new LinkedHashSet<>());
                if (others.size() < MAX_WAITING) {
                    others.add(request);
                    return;
                }
                refusal = CROWDED;
            }
        }
        if (found.isPresent()) {
            request.answer().found(found.get());
        } else {
            request.answer().failed(refusal);
        }
    }

    /** Stops waiting. False if the request has been answered, or is about to be. */
    public synchronized boolean abort(FindRequest request) {
        return remove(waiting, request.agent(), request);
    }

    /** Takes a tunnel that is new or was given back unused. False if the registry is stopped: the tunnel has to end. */
    boolean offer(Tunnel tunnel) {
        Optional<FindRequest> taker;
        synchronized (this) {
            if (stopped) {
                return false;
            }
            taker = members(waiting, tunnel.agent()).stream().filter(request -> tunnel.serves(request.service(), request.method()))
                    .findFirst();
            if (taker.isEmpty()) {
                SequencedSet<Tunnel> others = idle.computeIfAbsent(tunnel.agent(), _ -> new LinkedHashSet<>());
                boolean first = others.isEmpty();
                others.add(tunnel);
                if (first) {
                    watch.appeared(tunnel.agent());
                }
                return true;
            }
            remove(waiting, tunnel.agent(), taker.get());
        }
        taker.get().answer().found(tunnel);
        return true;
    }

    /** Forgets an idle tunnel. False if it is not idle. */
    synchronized boolean remove(Tunnel tunnel) {
        return takeFromIdle(tunnel);
    }

    private boolean takeFromIdle(Tunnel tunnel) {
        boolean removed = remove(idle, tunnel.agent(), tunnel);
        if (removed && !idle.containsKey(tunnel.agent())) {
            watch.vanished(tunnel.agent());
        }
        return removed;
    }

    /** Ends idle tunnels with OK and waiting requests with {@code UNAVAILABLE}; later ones likewise. */
    public void stop() {
        List<Tunnel> tunnels = new ArrayList<>();
        List<FindRequest> requests = new ArrayList<>();
        synchronized (this) {
            stopped = true;
            idle.values().forEach(tunnels::addAll);
            idle.keySet().forEach(watch::vanished);
            waiting.values().forEach(requests::addAll);
            idle.clear();
            waiting.clear();
        }
        if (!tunnels.isEmpty() || !requests.isEmpty()) {
            log.with("error", "num_tunnels=" + tunnels.size() + ", num_find_requests=" + requests.size())
                    .error("Stopped tunnels and aborted find requests");
        }
        tunnels.forEach(tunnel -> tunnel.end(Status.OK));
        requests.forEach(request -> request.answer().failed(STOPPED));
    }

    /** How many tunnels are idle. */
    public synchronized int idle() {
        return idle.values().stream().mapToInt(SequencedCollection::size).sum();
    }

    /** How many requests wait. */
    public synchronized int waiting() {
        return waiting.values().stream().mapToInt(SequencedCollection::size).sum();
    }

    private Optional<Tunnel> takeIdle(FindRequest request) {
        Optional<Tunnel> found = members(idle, request.agent()).reversed().stream()
                .filter(tunnel -> tunnel.serves(request.service(), request.method())).findFirst();
        found.ifPresent(this::takeFromIdle);
        return found;
    }

    private static <T> SequencedSet<T> members(Map<AgentKey, SequencedSet<T>> map, AgentKey key) {
        SequencedSet<T> members = map.get(key);
        return members == null ? new LinkedHashSet<>() : members;
    }

    private static <T> boolean remove(Map<AgentKey, SequencedSet<T>> map, AgentKey key, T value) {
        SequencedSet<T> values = map.get(key);
        boolean removed = values != null && values.remove(value);
        if (values != null && values.isEmpty()) {
            map.remove(key);
        }
        return removed;
    }
}
