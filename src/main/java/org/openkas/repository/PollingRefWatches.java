package org.openkas.repository;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import org.openkas.common.Backoff;
import org.openkas.common.Log;
import org.openkas.common.Timers;

/**
 * Polls each watched ref once a period, whoever watches it (chapter 02 §7.4, chapter 01 §5.2.1). A thousand watchers that
 * come at the same time cost about one poll a second; a failing ref is asked for less and less often. Thread-safe.
 */
public final class PollingRefWatches implements RefWatches {
    private record Key(Repository repository, String ref) {
    }

    private final RepositoryReader reader;
    private final Pace pace;
    private final Timers timers;
    private final RandomGenerator random;
    private final Executor executor;
    private final Log log;
    private final Map<Key, RefPoller> pollers = new ConcurrentHashMap<>();

    /**
     * When refs are polled without a poke.
     *
     * @param period between the polls of a ref that can be resolved
     * @param backoff between those of one that cannot
     */
    public record Pace(Duration period, Backoff.Policy backoff) {
        /** For agents' configurations: failing refs at last once in one to two minutes. */
        public static Pace ofConfigurations(Duration period) {
            return new Pace(period, Backoff.Policy.CONFIGURATIONS);
        }

        /** For manifests: failing refs at last once in five to ten minutes. */
        public static Pace ofManifests(Duration period) {
            return new Pace(period, Backoff.Policy.MANIFESTS);
        }
    }

    /**
     * Watches through a reader.
     *
     * @param random thread-safe
     * @param executor runs polls and listeners, each at once on a thread of its own
     */
    public PollingRefWatches(RepositoryReader reader, Pace pace, Timers timers, RandomGenerator random, Executor executor, Log log) {
        this.reader = reader;
        this.pace = pace;
        this.timers = timers;
        this.random = random;
        this.executor = executor;
        this.log = log;
    }

    @Override
    public Watch watch(Repository repository, String ref, Listener listener) {
        Key key = new Key(repository, ref);
        WatchDelivery delivery = new WatchDelivery(listener, executor, log.with("project_id", repository.projectPath()));
        List<Runnable> effects = new ArrayList<>();
        RefPoller poller = pollers.compute(key, (ignored, present) -> {
            RefPoller used = present == null ? poller(key) : present;
            effects.addAll(used.add(delivery));
            return used;
        });
        effects.forEach(Runnable::run);
        return new Watch() {
            @Override
            public void poke() {
                poller.poke();
            }

            @Override
            public void close() {
                delivery.close();
                pollers.computeIfPresent(key, (ignored, present) -> present == poller && present.remove(delivery) ? null : present);
            }
        };
    }

    private RefPoller poller(Key key) {
        return new RefPoller(() -> reader.resolve(key.repository(), key.ref()), pace.period(), pace.backoff().begin(timers, random),
                timers, executor);
    }

    /** How many refs are polled at present. */
    public int size() {
        return pollers.size();
    }
}
