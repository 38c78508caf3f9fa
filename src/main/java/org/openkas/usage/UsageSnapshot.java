package org.openkas.usage;

import java.util.Map;
import java.util.Set;

/**
 * What has been counted at some moment. Immutable.
 *
 * @param counts by the counter's name, none of them 0
 * @param ids by the counter's name, none of them empty
 */
public record UsageSnapshot(Map<String, Long> counts, Map<String, Set<Long>> ids) {

    /** Takes copies. */
    public UsageSnapshot {
        counts = Map.copyOf(counts);
        ids = Map.copyOf(ids);
    }

    /** Whether nothing was counted. */
    public boolean isEmpty() {
        return counts.isEmpty() && ids.isEmpty();
    }
}
