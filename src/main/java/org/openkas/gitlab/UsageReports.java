package org.openkas.gitlab;

import java.time.Duration;
import java.util.Map;
import java.util.Set;

/** Tells GitLab how much was used (chapter 02 §3.6). Implementations are thread-safe. */
@FunctionalInterface
public interface UsageReports {

    /**
     * Reports once; blocks.
     *
     * @param counts increments by the counter's name
     * @param ids distinct ids by the counter's name
     * @param patience for how long
     * @throws GitLabException if GitLab did not take it, or nobody knows whether it did
     */
    void report(Map<String, Long> counts, Map<String, Set<Long>> ids, Duration patience) throws GitLabException, InterruptedException;
}
