package org.openkas.app;

import io.grpc.BindableService;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.openkas.agentconfiguration.AgentConfigurationService;
import org.openkas.agentconfiguration.ConfigurationSettings;
import org.openkas.agentregistrar.AgentRegistrarService;
import org.openkas.agenttracker.ToldRegistrations;
import org.openkas.cluster.AgentTracker;
import org.openkas.config.GitLabSection;
import org.openkas.config.GitopsSection;
import org.openkas.config.KasConfiguration;
import org.openkas.flux.FluxMetrics;
import org.openkas.flux.FluxService;
import org.openkas.gitlab.AgentLookup;
import org.openkas.gitlab.HttpModuleRequests;
import org.openkas.gitlab.ProjectAccessLookup;
import org.openkas.gitlabaccess.BodyStore;
import org.openkas.gitlabaccess.GitlabAccessService;
import org.openkas.gitops.GitopsService;
import org.openkas.gitops.GitopsSettings;
import org.openkas.jobrouter.JobRouterService;
import org.openkas.reversetunnel.ReverseTunnelService;
import org.openkas.reversetunnel.TunnelRegistry;

/** What agents may call, whichever way they come in (chapters 02 and 04). Thread-safe. */
record AgentServices(AgentConfigurationService configurations, AgentRegistrarService registrar, GitopsService gitops,
        ReverseTunnelService reverseTunnel, GitlabAccessService gitlabAccess, FluxService flux, Optional<JobRouterService> jobRouter) {

    /** {@code tunnels} is where the tunnels that agents open wait for their calls. */
    static AgentServices of(KasConfiguration configuration, Agents agents, Repositories repositories, SharedState state,
            TunnelRegistry tunnels, Optional<JobRouterService> jobRouter, Ground ground) {
        AgentLookup lookup = new AgentLookup(agents.source());
        AgentTracker tracker = new ToldRegistrations(state.tracker(), state.events());
        AgentConfigurationService configurations = new AgentConfigurationService(settings(configuration), lookup,
                repositories.watches(), repositories.files()::file, agents.reporter(), tracker, state.pushes(), ground.timers(),
                ground.random(), ground.executor());
        GitopsService gitops = new GitopsService(settings(configuration.agent().gitops()), lookup, agents.projects(),
                repositories.manifestWatches(), repositories.manifests(), state.usage(), state.pushes(), ground.timers(), ground.random(),
                ground.executor());
        return new AgentServices(configurations,
                new AgentRegistrarService(lookup, tracker, ground.timers(), ground.executor()), gitops,
                new ReverseTunnelService(lookup, tunnels, ground.timers(), ground.random(), ground.executor()),
                new GitlabAccessService(agents.gitLab().map(HttpModuleRequests::new),
                        new BodyStore(ground.work().resolve("requests"), BodyStore.Limits.USUAL), ground.timers(),
                        ground.executor()),
                new FluxService(lookup, new ProjectAccessLookup(agents.projectAccess()),
                        new FluxMetrics(ground.metrics().registry(), state.usage()), state.pushes(), ground.timers(), ground.random(),
                        ground.executor()), jobRouter);
    }

    private static ConfigurationSettings settings(KasConfiguration configuration) {
        String externalUrl = configuration.gitlab().flatMap(GitLabSection::externalUrl).orElse("");
        return new ConfigurationSettings(configuration.agent().configuration().pollPeriod(),
                configuration.agent().configuration().maxConfigurationFileSize(), externalUrl);
    }

    private static GitopsSettings settings(GitopsSection section) {
        return new GitopsSettings(section.pollPeriod(), section.maxManifestFileSize(), section.maxTotalManifestFileSize(),
                section.maxNumberOfPaths(), section.maxNumberOfFiles());
    }

    List<BindableService> all() {
        List<BindableService> all = new ArrayList<>(List.of(configurations, registrar, gitops, reverseTunnel, gitlabAccess, flux));
        jobRouter.ifPresent(all::add);
        return List.copyOf(all);
    }

    /** Ends what waits for something that may not come for long. */
    void stopWaiting() {
        jobRouter.ifPresent(JobRouterService::stop);
    }

    /** What does not end with its calls. */
    List<AutoCloseable> closers() {
        return List.of(configurations, gitops, flux);
    }
}
