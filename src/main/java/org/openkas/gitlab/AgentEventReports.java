package org.openkas.gitlab;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Tells GitLab's analytics of single uses (chapter 02 §9.3). Implementations are thread-safe. */
@FunctionalInterface
public interface AgentEventReports {

    /**
     * Reports once; blocks.
     *
     * @param events by name
     * @param patience for how long
     * @throws GitLabException if GitLab did not take it, or nobody knows whether it did; {@link GitLabException.Kind#NOT_FOUND} if this
     *         GitLab takes none
     */
    void report(Map<String, List<AgentEvent>> events, Duration patience) throws GitLabException, InterruptedException;
}
