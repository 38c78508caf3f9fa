package org.openkas.reversetunnel;

import io.grpc.Status;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Idle tunnels and the requests that wait for one (chapter 04 §2.5, §2.6).
 *
 * <p>Guarantee: each operation is atomic. A tunnel that was offered is at any moment idle here, with exactly one request,
 * or removed; a request gets a tunnel of its own agent that serves its method, at most one, and none after {@link #abort}
 * returned true. No request waits while a tunnel that suits it is idle: an offer hands the tunnel over before it returns.
 *
 * <p>Thread-safe; requests are told outside the lock, on the thread that brought the tunnel.
 */
public final class TunnelRegistry {
    /** How waiting ends at shutdown. */
    static final Status STOPPED = Status.UNAVAILABLE.withDescription("kas is shutting down");

    private final Map<AgentKey, Set<Tunnel>> idle = new HashMap<>();
    private final Map<AgentKey, Set<FindRequest>> waiting = new HashMap<>();
    private boolean stopped;

    /** Looks for a tunnel and waits for one if there is none; tells {@code request}, maybe before this returns. */
    public void find(FindRequest request) {
        Optional<Tunnel> found;
        synchronized (this) {
            found = stopped ? Optional.empty() : takeIdle(request);
            if (found.isEmpty() && !stopped) {
                waiting.computeIfAbsent(request.agent(), key -> new LinkedHashSet<>()).add(request);
                return;
            }
        }
        found.ifPresentOrElse(request.answer()::found, () -> request.answer().failed(STOPPED));
    }

    /** Stops waiting. False if the request has been answered, or is about to be. */
    public synchronized boolean abort(FindRequest request) {
        return remove(waiting, request.agent(), request);
    }

    /** Takes a tunnel that is new or was given back unused. False if the registry is stopped: the tunnel has to end. */
    boolean offer(Tunnel tunnel) {
        FindRequest taker = null;
        synchronized (this) {
            if (stopped) {
                return false;
            }
            for (FindRequest request : waiting.getOrDefault(tunnel.agent(), Set.of())) {
                if (tunnel.serves(request.service(), request.method())) {
                    taker = request;
                    break;
                }
            }
            if (taker == null) {
                idle.computeIfAbsent(tunnel.agent(), key -> new LinkedHashSet<>()).add(tunnel);
                return true;
            }
            remove(waiting, taker.agent(), taker);
        }
        taker.answer().found(tunnel);
        return true;
    }

    /** Forgets an idle tunnel. False if a request has it. */
    synchronized boolean remove(Tunnel tunnel) {
        return remove(idle, tunnel.agent(), tunnel);
    }

    /** Ends idle tunnels with OK and waiting requests with {@code UNAVAILABLE}; later ones likewise. */
    public void stop() {
        List<Tunnel> tunnels = new ArrayList<>();
        List<FindRequest> requests = new ArrayList<>();
        synchronized (this) {
            stopped = true;
            idle.values().forEach(tunnels::addAll);
            waiting.values().forEach(requests::addAll);
            idle.clear();
            waiting.clear();
        }
        tunnels.forEach(tunnel -> tunnel.end(Status.OK));
        requests.forEach(request -> request.answer().failed(STOPPED));
    }

    private Optional<Tunnel> takeIdle(FindRequest request) {
        Iterator<Tunnel> tunnels = idle.getOrDefault(request.agent(), Set.of()).iterator();
        while (tunnels.hasNext()) {
            Tunnel tunnel = tunnels.next();
            if (tunnel.serves(request.service(), request.method())) {
                remove(idle, request.agent(), tunnel);
                return Optional.of(tunnel);
            }
        }
        return Optional.empty();
    }

    private static <T> boolean remove(Map<AgentKey, Set<T>> map, AgentKey key, T value) {
        Set<T> values = map.get(key);
        boolean removed = values != null && values.remove(value);
        if (values != null && values.isEmpty()) {
            map.remove(key);
        }
        return removed;
    }
}
