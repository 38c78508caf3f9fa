package org.openkas.usage;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Keeps counts in memory until they are subtracted. Of each unique counter it keeps so many ids at most that memory stays
 * bounded; further ones are not counted. Thread-safe.
 */
public final class MemoryUsageCounters implements UsageCounters {
    private static final int MOST_IDS = 100_000;

    private final Map<String, LongAdder> counts = new ConcurrentHashMap<>();
    private final Map<String, Set<Long>> ids = new ConcurrentHashMap<>();

    @Override
    public void add(String counter) {
        counts.computeIfAbsent(counter, ignored -> new LongAdder()).increment();
    }

    @Override
    public void see(String counter, long id) {
        Set<Long> seen = ids.computeIfAbsent(counter, ignored -> ConcurrentHashMap.newKeySet());
        if (seen.size() < MOST_IDS) {
            seen.add(id);
        }
    }

    /** What has been counted and not been {@linkplain #subtract subtracted}. */
    public UsageSnapshot snapshot() {
        Map<String, Long> sums = new TreeMap<>();
        counts.forEach((name, count) -> {
            long sum = count.sum();
            if (sum != 0) {
                sums.put(name, sum);
            }
        });
        Map<String, Set<Long>> seen = new TreeMap<>();
        ids.forEach((name, all) -> {
            if (!all.isEmpty()) {
                seen.put(name, Set.copyOf(all));
            }
        });
        return new UsageSnapshot(sums, seen);
    }

    /** Forgets what a snapshot holds; what came after it stays, except ids that it holds as well. */
    public void subtract(UsageSnapshot reported) {
        reported.counts().forEach((name, count) -> counts.getOrDefault(name, new LongAdder()).add(-count));
        reported.ids().forEach((name, seen) -> ids.getOrDefault(name, Set.of()).removeAll(seen));
    }
}
