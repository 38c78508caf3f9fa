package org.openkas.usage;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.openkas.common.Timers;

/**
 * Keeps events in memory until somebody takes them, about {@value #MOST} of each name at most; further ones are counted and dropped. While
 * nobody wants them, nothing is kept. An event that is told in the moment in which all are taken may be lost, as if it had not been
 * told. Thread-safe.
 */
public final class MemoryUsageEvents implements UsageEvents {
    static final int MOST = 5_000;
    /** A process that lives on registers once more so often, for GitLab counts what was there in a month. */
    static final Duration AGAIN = Duration.ofDays(1);
    private static final int MOST_CONNECTIONS = 100_000;

    private final Cache<Connection, Boolean> connections;
    private volatile Optional<Period> period = Optional.empty();

    private record Connection(long agentId, long connectionId) {
    }

    private static final class Period {
        private final Map<String, Set<UserInProject>> users = new ConcurrentHashMap<>();
        private final Set<RegisteredAgent> registrations = ConcurrentHashMap.newKeySet();
        private final LongAdder dropped = new LongAdder();

        void see(String event, UserInProject user) {
            keep(users.computeIfAbsent(event, _ -> ConcurrentHashMap.newKeySet()), user);
        }

        void registered(RegisteredAgent agent) {
            keep(registrations, agent);
        }

        private <E> void keep(Set<E> kept, E event) {
            // told with every request: what is known already takes no lock
            if (kept.contains(event)) {
                return;
            }
            if (kept.size() < MOST) {
                kept.add(event);
            } else {
                dropped.increment();
            }
        }

        UsageEventsTaken taken() {
            Map<String, List<UserInProject>> all = new TreeMap<>();
            users.forEach((event, seen) -> all.put(event, List.copyOf(seen)));
            all.values().removeIf(List::isEmpty); // somebody is about to add the first one
            return new UsageEventsTaken(all, registrations, dropped.sum());
        }
    }

    /** Keeps nothing yet. */
    public MemoryUsageEvents(Timers timers) {
        connections = Caffeine.newBuilder().maximumSize(MOST_CONNECTIONS).expireAfterWrite(AGAIN).ticker(timers::nanos)
                .executor(Runnable::run).build();
    }

    @Override
    public void see(String event, long userId, long projectId) {
        Optional<Period> now = period;
        if (now.isPresent()) {
            now.get().see(event, new UserInProject(userId, projectId));
        }
    }

    @Override
    public void registered(RegisteredAgent agent, long connectionId) {
        Optional<Period> now = period;
        if (now.isPresent() && connections.asMap().putIfAbsent(new Connection(agent.agentId(), connectionId), true) == null) {
            now.get().registered(agent);
        }
    }

    /** From now on somebody wants events, or nobody does; those that are kept are dropped. */
    public void wanted(boolean yes) {
        period = yes ? Optional.of(new Period()) : Optional.empty();
    }

    /** What has been kept, which is not kept any more. For one thread at a time. */
    public UsageEventsTaken take() {
        Optional<Period> ended = period;
        period = ended.map(_ -> new Period());
        return ended.map(Period::taken).orElse(new UsageEventsTaken(Map.of(), Set.of(), 0));
    }

    /** Keeps again what was taken, as far as there is room beside what came since. */
    public void putBack(UsageEventsTaken taken) {
        period.ifPresent(now -> {
            taken.users().forEach((event, users) -> users.forEach(user -> now.see(event, user)));
            taken.registrations().forEach(now::registered);
        });
    }
}
