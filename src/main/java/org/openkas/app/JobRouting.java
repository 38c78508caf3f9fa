package org.openkas.app;

import java.util.Optional;
import org.openkas.cluster.MemoryErrorCache;
import org.openkas.config.GitLabSection;
import org.openkas.config.KasConfiguration;
import org.openkas.config.Secret;
import org.openkas.gitlab.CachedLookup;
import org.openkas.gitlab.GitLabClient;
import org.openkas.jobrouter.JobRouterService;

/** How GitLab Runner gets jobs through this server, if it may (chapter 07 §9.2). */
record JobRouting(Optional<JobRouterService> service, AutoCloseable closer) {

    /** None unless it is turned on and there is a GitLab. */
    static JobRouting of(KasConfiguration configuration, Optional<Secret> secret, Agents agents, Ground ground) throws StartException {
        Optional<GitLabSection> section = configuration.gitlab();
        boolean wanted = configuration.agent().jobRouter().enabled();
        if (!wanted || section.isEmpty() || agents.gitLab().isEmpty()) {
            if (wanted) {
                ground.log().warn("agent.job_router has no effect: without GitLab there are no jobs");
            }
            return new JobRouting(Optional.empty(), () -> {
            });
        }
        GitLabClient longPolls = Agents.longPolls(section.get(), secret.orElseThrow(), ground);
        CachedLookup.Lifetimes lifetimes = new CachedLookup.Lifetimes(configuration.agent().infoCacheTtl(),
                configuration.agent().infoCacheErrorTtl(), configuration.agent().infoCacheStaleTtl());
        JobRouterService service = new JobRouterService(agents.gitLab().get(), longPolls, new MemoryErrorCache(ground.timers()), lifetimes,
                ground.timers(), ground.executor(), ground.log());
        return new JobRouting(Optional.of(service), longPolls);
    }
}
