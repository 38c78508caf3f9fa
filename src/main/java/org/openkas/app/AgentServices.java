package org.openkas.app;

import io.grpc.BindableService;
import java.util.List;
import org.openkas.agentconfiguration.AgentConfigurationService;
import org.openkas.agentconfiguration.ConfigurationSettings;
import org.openkas.agentregistrar.AgentRegistrarService;
import org.openkas.cluster.MemoryErrorCache;
import org.openkas.config.GitLabSection;
import org.openkas.config.KasConfiguration;
import org.openkas.flux.FluxMetrics;
import org.openkas.flux.FluxService;
import org.openkas.gitlab.AgentLookup;
import org.openkas.gitlab.CachedProjectAccessSource;
import org.openkas.gitlab.HttpModuleRequests;
import org.openkas.gitlab.HttpProjectAccessSource;
import org.openkas.gitlab.ProjectAccessLookup;
import org.openkas.gitlab.ProjectAccessSource;
import org.openkas.gitlabaccess.BodyStore;
import org.openkas.gitlabaccess.GitlabAccessService;
import org.openkas.reversetunnel.ReverseTunnelService;
import org.openkas.reversetunnel.TunnelRegistry;

/** What agents may call, whichever way they come in (chapters 02 and 04). Thread-safe. */
record AgentServices(AgentConfigurationService configurations, AgentRegistrarService registrar, ReverseTunnelService reverseTunnel,
        GitlabAccessService gitlabAccess, FluxService flux) {

    /** {@code tunnels} is where the tunnels that agents open wait for their calls. */
    static AgentServices of(KasConfiguration configuration, Agents agents, Repositories repositories, SharedState state,
            TunnelRegistry tunnels, Ground ground) {
        AgentLookup lookup = new AgentLookup(agents.source());
        AgentConfigurationService configurations = new AgentConfigurationService(settings(configuration), lookup,
                repositories.watches(), repositories.files()::file, agents.reporter(), state.tracker(), state.pushes(), ground.timers(),
                ground.random(), ground.executor());
        return new AgentServices(configurations,
                new AgentRegistrarService(lookup, state.tracker(), ground.timers(), ground.executor()),
                new ReverseTunnelService(lookup, tunnels, ground.timers(), ground.random(), ground.executor()),
                new GitlabAccessService(agents.gitLab().map(HttpModuleRequests::new),
                        new BodyStore(ground.work().resolve("requests"), BodyStore.Limits.USUAL), ground.timers(),
                        ground.executor()),
                new FluxService(lookup, new ProjectAccessLookup(projectAccess(configuration, agents, ground)),
                        new FluxMetrics(ground.metrics().registry(), state.usage()), state.pushes(), ground.timers(), ground.random(),
                        ground.executor()));
    }

    /** Without GitLab nobody tells of pushes, and there is nothing that an agent may hear of. */
    private static ProjectAccessSource projectAccess(KasConfiguration configuration, Agents agents, Ground ground) {
        return agents.gitLab().<ProjectAccessSource>map(gitLab -> new CachedProjectAccessSource(new HttpProjectAccessSource(gitLab),
                new MemoryErrorCache(ground.timers()), configuration.agent().infoCacheStaleTtl(), ground.timers(), ground.executor(),
                ground.log())).orElse((token, projectPath) -> false);
    }

    private static ConfigurationSettings settings(KasConfiguration configuration) {
        String externalUrl = configuration.gitlab().flatMap(GitLabSection::externalUrl).orElse("");
        return new ConfigurationSettings(configuration.agent().configuration().pollPeriod(),
                configuration.agent().configuration().maxConfigurationFileSize(), externalUrl);
    }

    List<BindableService> all() {
        return List.of(configurations, registrar, reverseTunnel, gitlabAccess, flux);
    }

    /** What does not end with its calls. */
    List<AutoCloseable> closers() {
        return List.of(configurations, flux);
    }
}
