package org.openkas.gitlab;

import java.time.Duration;
import java.util.concurrent.Executor;
import org.openkas.cluster.ErrorCache;
import org.openkas.common.AgentToken;
import org.openkas.common.Log;
import org.openkas.common.Timers;

/**
 * Remembers which projects agents may see (chapter 02 §4), as {@link CachedLookup} says: both answers for five minutes. A
 * refusal is an answer here, so that in practice no error is shared with other servers. Thread-safe.
 */
public final class CachedProjectAccessSource implements ProjectAccessSource {
    private static final Duration OK = Duration.ofMinutes(5);
    private static final Duration ERROR = Duration.ofMinutes(1);

    private final CachedLookup<ProjectQuestion, Boolean> lookup;

    /**
     * A cache in front of a source.
     *
     * @param stale how long answers serve after they have expired, while GitLab does not answer
     * @param executor starts each task at once on a thread of its own
     * @param log for failures that no caller sees, because an older answer served
     */
    public CachedProjectAccessSource(ProjectAccessSource source, ErrorCache errors, Duration stale, Timers timers, Executor executor,
            Log log) {
        lookup = new CachedLookup<>((question, occasion) -> source.mayAccess(question.token(), question.project()),
                new CachedLookup.Refusals<>(errors, ErrorCache.Lookup.PROJECT_ACCESS, ProjectQuestion::sharedKey),
                new CachedLookup.Lifetimes(OK, ERROR, stale), timers, executor, failure -> ProjectAccessLookup.report(failure, log));
    }

    @Override
    public boolean mayAccess(AgentToken token, String projectPath) throws GitLabException, InterruptedException {
        return lookup.find(new ProjectQuestion(token, projectPath));
    }
}
