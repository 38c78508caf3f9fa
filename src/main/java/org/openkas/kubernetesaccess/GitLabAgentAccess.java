package org.openkas.kubernetesaccess;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.openkas.cluster.ErrorCache;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.gitlab.CachedLookup;
import org.openkas.gitlab.GitLabClient;
import org.openkas.gitlab.GitLabException;
import org.openkas.gitlab.GitLabRequest;

/** Lets GitLab decide, and remembers what it said (chapter 03 §7). Thread-safe. */
public final class GitLabAgentAccess implements AgentAccess {
    /** No client waits longer for GitLab. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final AllowedAgents jobs;
    private final AuthorizedUsers users;

    /**
     * Asks this GitLab.
     *
     * @param lifetimes how long answers serve, for jobs and for users
     * @param executor starts each task at once on a thread of its own
     * @param log for failures that no caller sees, because an older answer served
     */
    public GitLabAgentAccess(GitLabClient gitLab, ErrorCache errors, CachedLookup.Lifetimes lifetimes, Timers timers, Executor executor,
            Log log) {
        Log named = log.with("mod_name", "kubernetes_api");
        jobs = new AllowedAgents(gitLab, errors, lifetimes, timers, executor, named);
        users = new AuthorizedUsers(gitLab, errors, lifetimes, timers, executor, named);
    }

    @Override
    public Access access(Credential credential) throws RefusedException, InterruptedException {
        return switch (credential) {
            case Credential.JobToken token -> jobs.access(token);
            case Credential.PersonalAccessToken token -> users.access(token);
            case Credential.SessionCookie cookie -> users.access(cookie);
        };
    }

    @Override
    public Optional<Access> known(Credential credential) {
        return switch (credential) {
            case Credential.JobToken token -> jobs.known(token);
            case Credential.PersonalAccessToken token -> users.known(token);
            case Credential.SessionCookie cookie -> users.known(cookie);
        };
    }

    /** The request as the occasion demands: nobody waits longer than {@link #PATIENCE}, and strangers wait behind others. */
    static GitLabRequest on(CachedLookup.Occasion occasion, GitLabRequest request) {
        GitLabRequest bounded = request.within(PATIENCE.minus(occasion.waited()));
        return occasion.known() ? bounded : bounded.inBackground();
    }

    /** Writes the line for a failure that an older answer made up for. */
    static void report(GitLabException failure, String message, Log log) {
        failure.on(log).error(message);
    }
}
