package org.openkas.gitlab;

import java.util.concurrent.Executor;
import org.openkas.cluster.ErrorCache;
import org.openkas.common.AgentToken;
import org.openkas.common.Log;
import org.openkas.common.Timers;

/** Remembers where projects are (chapter 02 §4), as {@link CachedLookup} says. Thread-safe. */
public final class CachedProjectInfoSource implements ProjectInfoSource {
    /** No path in GitLab is longer; what agents make up beyond that is not worth memory. */
    private static final int LONGEST_PATH = 4096;

    private final CachedLookup<ProjectQuestion, ProjectInfo> lookup;

    /**
     * A cache in front of a source.
     *
     * @param executor starts each task at once on a thread of its own
     * @param log for failures that no caller sees, because an older answer served
     */
    public CachedProjectInfoSource(ProjectInfoSource source, ErrorCache errors, CachedLookup.Lifetimes lifetimes, Timers timers,
            Executor executor, Log log) {
        lookup = new CachedLookup<>((key, _) -> source.projectInfo(key.token(), key.project()),
                new CachedLookup.Refusals<>(errors, ErrorCache.Lookup.PROJECT_INFO, ProjectQuestion::sharedKey), lifetimes, timers, executor,
                failure -> ProjectLookup.report(failure, log));
    }

    @Override
    public ProjectInfo projectInfo(AgentToken token, String project) throws GitLabException, InterruptedException {
        ProjectQuestion key = new ProjectQuestion(token, project);
        return project.length() > LONGEST_PATH ? lookup.ask(key) : lookup.find(key);
    }
}
