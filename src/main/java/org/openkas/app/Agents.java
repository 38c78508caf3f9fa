package org.openkas.app;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.openkas.agentapi.RemovedTokens;
import org.openkas.cluster.ErrorCache;
import org.openkas.common.Log;
import org.openkas.config.AgentSection;
import org.openkas.config.GitLabSection;
import org.openkas.config.KasConfiguration;
import org.openkas.config.RateLimitSection;
import org.openkas.config.Secret;
import org.openkas.config.StandaloneSection;
import org.openkas.gitlab.AgentConfigurationReporter;
import org.openkas.gitlab.AgentInfoSource;
import org.openkas.gitlab.CachedAgentInfoSource;
import org.openkas.gitlab.CachedLookup;
import org.openkas.gitlab.CachedProjectAccessSource;
import org.openkas.gitlab.CachedProjectInfoSource;
import org.openkas.gitlab.GitLabAddress;
import org.openkas.gitlab.GitLabClient;
import org.openkas.gitlab.GitLabSetupException;
import org.openkas.gitlab.HttpAgentConfigurationReporter;
import org.openkas.gitlab.HttpAgentInfoSource;
import org.openkas.gitlab.HttpProjectAccessSource;
import org.openkas.gitlab.HttpProjectInfoSource;
import org.openkas.gitlab.ProjectAccessSource;
import org.openkas.gitlab.ProjectLookup;
import org.openkas.gitlab.TokenBucket;
import org.openkas.gitlab.TrustedCertificates;
import org.openkas.jwt.TokenSigner;
import org.openkas.kubernetesaccess.AgentAccess;
import org.openkas.kubernetesaccess.GitLabAgentAccess;
import org.openkas.kubernetesaccess.StandaloneAgentAccess;
import org.openkas.standalone.AgentsFileException;
import org.openkas.standalone.StandaloneAgents;
import org.openkas.standalone.StandaloneProjects;

/**
 * Who knows the agents and who may reach their clusters: GitLab, or a file.
 *
 * @param gitLab what is behind the others, for rooms that ask it for more; only with GitLab
 * @param removed ends the calls of agents that are no longer in the file; only without GitLab
 */
record Agents(AgentInfoSource source, ProjectLookup projects, ProjectAccessSource projectAccess, AgentConfigurationReporter reporter,
        AgentAccess access, Optional<GitLabClient> gitLab, Optional<RemovedTokens> removed, AutoCloseable closer) {
    /** Without GitLab nobody tells of pushes, and there is nothing that an agent may hear of. */
    private static final ProjectAccessSource NO_PUSHES = (token, projectPath) -> false;
    private static final String LIMITER = "gitlab_client";
    private static final Duration TOKEN_VALIDITY = Duration.ofSeconds(30);
    /** GitLab may look at it only after it has kept the request back for a minute. */
    private static final Duration LONG_TOKEN_VALIDITY = Duration.ofMinutes(2);

    /** {@code gitLab} is the one of {@link #gitLabClient}; {@code errors} remembers what it refused. */
    static Agents of(KasConfiguration configuration, Optional<GitLabClient> gitLab, ErrorCache errors, Ground ground)
            throws StartException {
        if (configuration.standalone().isPresent()) {
            return ofFile(configuration.standalone().get(), ground);
        }
        return ofGitLab(configuration, gitLab.orElseThrow(), errors, ground);
    }

    /** How to call GitLab, unless the server is a standalone one. */
    static Optional<GitLabClient> gitLabClient(KasConfiguration configuration, Optional<Secret> secret, Ground ground) throws StartException {
        return configuration.standalone().isPresent()
                ? Optional.empty()
                : Optional.of(client(configuration.gitlab().orElseThrow(), secret.orElseThrow(), ground));
    }

    private static Agents ofFile(StandaloneSection section, Ground ground) throws StartException {
        RemovedTokens removed = new RemovedTokens();
        try {
            StandaloneAgents agents = StandaloneAgents.open(Path.of(section.agentsFile()), ground.timers(), ground.log(), removed::removed);
            AgentConfigurationReporter nobody = (agentId, commitId, file) -> {
            };
            return new Agents(agents, new ProjectLookup(new StandaloneProjects(agents), StandaloneProjects.REMEDY), NO_PUSHES, nobody,
                    new StandaloneAgentAccess(agents), Optional.empty(), Optional.of(removed), agents);
        } catch (AgentsFileException e) {
            throw StartException.of("standalone: ", e);
        }
    }

    private static Agents ofGitLab(KasConfiguration configuration, GitLabClient gitLab, ErrorCache errors, Ground ground) {
        Log log = ground.log();
        CachedLookup.Lifetimes lifetimes = new CachedLookup.Lifetimes(configuration.agent().infoCacheTtl(),
                configuration.agent().infoCacheErrorTtl(), configuration.agent().infoCacheStaleTtl());
        AgentInfoSource source = new CachedAgentInfoSource(new HttpAgentInfoSource(gitLab, ground.timers(), log),
                errors, lifetimes, ground.timers(), ground.executor(), log);
        return new Agents(source, projects(configuration.agent(), gitLab, errors, ground),
                projectAccess(configuration.agent(), gitLab, errors, ground), new HttpAgentConfigurationReporter(gitLab, ground.timers()),
                access(configuration, gitLab, errors, ground), Optional.of(gitLab), Optional.empty(), gitLab);
    }

    private static ProjectLookup projects(AgentSection section, GitLabClient gitLab, ErrorCache errors, Ground ground) {
        CachedLookup.Lifetimes lifetimes = new CachedLookup.Lifetimes(section.gitops().projectInfoCacheTtl(),
                section.gitops().projectInfoCacheErrorTtl(), section.infoCacheStaleTtl());
        return new ProjectLookup(new CachedProjectInfoSource(new HttpProjectInfoSource(gitLab), errors, lifetimes, ground.timers(),
                ground.executor(), ground.log()), HttpProjectInfoSource.REMEDY);
    }

    private static ProjectAccessSource projectAccess(AgentSection section, GitLabClient gitLab, ErrorCache errors, Ground ground) {
        return new CachedProjectAccessSource(new HttpProjectAccessSource(gitLab), errors, section.infoCacheStaleTtl(), ground.timers(),
                ground.executor(), ground.log());
    }

    private static AgentAccess access(KasConfiguration configuration, GitLabClient gitLab, ErrorCache errors, Ground ground) {
        CachedLookup.Lifetimes lifetimes = configuration.agent().kubernetesApi().map(
                section -> new CachedLookup.Lifetimes(section.allowedAgentCacheTtl(), section.allowedAgentCacheErrorTtl(),
                        configuration.agent().infoCacheStaleTtl()))
                .orElse(new CachedLookup.Lifetimes(Duration.ZERO, Duration.ZERO, Duration.ZERO));
        return new GitLabAgentAccess(gitLab, errors, lifetimes, ground.timers(), ground.executor(), ground.log());
    }

    private static GitLabClient client(GitLabSection section, Secret secret, Ground ground) throws StartException {
        try {
            return GitLabClient.of(GitLabAddress.parse(section.address()), trusted(section, ground), ground.variables(),
                    ground.build().serverName(), signer(secret, TOKEN_VALIDITY, ground), bucket(section.apiRateLimit(), ground), ground.timers(),
                    ground.executor(), ground.tracer());
        } catch (GitLabSetupException e) {
            throw StartException.of("", e);
        }
    }

    /** A client for questions that GitLab answers when it pleases. */
    static GitLabClient longPolls(GitLabSection section, Secret secret, Ground ground) throws StartException {
        try {
            return GitLabClient.ofLongPolls(GitLabAddress.parse(section.address()), trusted(section, ground), ground.variables(),
                    ground.build().serverName(), signer(secret, LONG_TOKEN_VALIDITY, ground), ground.timers(), ground.executor(),
                    ground.tracer());
        } catch (GitLabSetupException e) {
            throw StartException.of("", e);
        }
    }

    private static TokenSigner signer(Secret secret, Duration validity, Ground ground) {
        return new TokenSigner(secret.bytes(), "gitlab-kas", List.of("gitlab"), validity, ground.timers());
    }

    private static TrustedCertificates trusted(GitLabSection section, Ground ground) throws GitLabSetupException {
        TrustedCertificates trusted = TrustedCertificates.ofHost(ground.variables());
        return section.caCertificateFile().isPresent() ? trusted.and(Path.of(section.caCertificateFile().get())) : trusted;
    }

    private static TokenBucket bucket(RateLimitSection limit, Ground ground) {
        ground.limiters().limit(LIMITER, "{refill/s}", limit.refillRatePerSecond());
        return new TokenBucket(limit.refillRatePerSecond(), size(limit), ground.timers(),
                (blocked, allowed) -> ground.limiters().decided(LIMITER, blocked, allowed));
    }

    /** The size of a bucket; sizes beyond what can be counted mean no limit in practice. */
    static int size(RateLimitSection limit) {
        return (int) Math.min(Integer.MAX_VALUE, limit.bucketSize());
    }
}
