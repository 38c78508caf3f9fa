package org.openkas.usage;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

/**
 * Keeps counts in memory, since the start of the server. Of each unique counter it keeps so many ids at most that memory stays
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

    /** All counts as of now, by name. */
    public Map<String, Long> counts() {
        return counts.entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, count -> count.getValue().sum(), Long::sum, TreeMap::new));
    }

    /** All ids as of now, by the counter's name. */
    public Map<String, Set<Long>> ids() {
        return ids.entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, seen -> Set.copyOf(seen.getValue()), (a, b) -> a, TreeMap::new));
    }
}
