package org.openkas.app;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.openkas.common.BuildInfo;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.config.ConfigurationException;
import org.openkas.config.KasConfiguration;
import org.openkas.config.KasSecrets;
import org.openkas.gitlab.GitLabClient;
import org.openkas.gitlab.HttpAgentEventReports;
import org.openkas.gitlab.HttpUsageReports;
import org.openkas.grpc.GrpcClientMetrics;
import org.openkas.grpc.GrpcServerMetrics;
import org.openkas.grpc.HandoffListener;
import org.openkas.jobrouter.JobRouterService;
import org.openkas.kubernetesapi.KubernetesApiServer;
import org.openkas.net.BoundAddress;
import org.openkas.net.ListenException;
import org.openkas.observability.ObservabilityEndpoint;
import org.openkas.observability.Probes;
import org.openkas.privateapi.PrivateApiServer;
import org.openkas.railsapi.RailsApiServer;
import org.openkas.reversetunnel.IdleAgents;
import org.openkas.reversetunnel.TunnelRegistry;
import org.openkas.routing.AgentChannels;
import org.openkas.routing.RoutingMetrics;
import org.openkas.routing.TunnelChannels;
import org.openkas.telemetry.Telemetry;
import org.openkas.usagemetrics.EventReporter;
import org.openkas.usagemetrics.UsageReporter;

/**
 * The whole server without an application server around it: puts the rooms together by constructors, starts the listeners
 * in the reference's order and stops them in reverse (chapter 05 §9, §10). Used by the WAR and, without a container, by
 * tests. Life: {@link #assemble}, {@link #start}, {@link #drain}, {@link #close}; each from one thread.
 */
public final class KasServer implements AutoCloseable {
    /** Running calls may take as long as the connections' age lets them; this only catches what hangs. */
    private static final Duration DRAIN_LIMIT = Duration.ofHours(1);

    private final Ground ground;
    private final Probes probes;
    private final List<AutoCloseable> closers = new ArrayList<>();
    private final Optional<UsageReporter> usageReporter;
    private final Optional<JobRouterService> jobRouter;
    private final AgentChannels agentChannels;
    private final AgentListeners agentListeners;
    private final Optional<ClusterMember> member;
    private final Optional<PrivateApiServer> privateApi;
    private final Optional<RailsApiServer> railsApi;
    private final Optional<KubernetesApiServer> kubernetesApi;
    private final ObservabilityEndpoint observability;

    private KasServer(KasConfiguration configuration, KasSecrets secrets, Ground ground, Telemetry telemetry, Probes probes,
            Optional<GitLabClient> gitLab, SharedState state) throws StartException {
        this.ground = ground;
        this.probes = probes;
        GrpcServerMetrics grpcMetrics = new GrpcServerMetrics(ground.metrics().registry());
        GrpcClientMetrics clientMetrics = new GrpcClientMetrics(ground.metrics().registry());
        closers.add(telemetry);
        closers.add(ground);
        closers.add(state);
        Agents agents = Agents.of(configuration, gitLab, state.errors(), ground);
        closers.add(agents.closer());
        usageReporter = usageReporter(configuration, agents, state, ground);
        usageReporter.ifPresent(closers::add);
        member = configuration.privateApi().isEmpty()
                ? Optional.empty()
                : Optional.of(ClusterMember.of(configuration.privateApi().get(), configuration, secrets.privateApi().orElseThrow(),
                        state.tunnels(), clientMetrics, ground));
        member.ifPresent(closers::add);
        TunnelRegistry tunnels = new TunnelRegistry(member.<IdleAgents>map(ClusterMember::announcements).orElse(IdleAgents.UNWATCHED),
                ground.log());
        privateApi = configuration.privateApi().isEmpty()
                ? Optional.empty()
                : Optional.of(PrivateApiListener.of(configuration.privateApi().get(), secrets.privateApi().orElseThrow(), tunnels,
                        configuration.agent().kubernetesApi().isPresent(), grpcMetrics, ground));
        agentChannels = channels(tunnels);
        Repositories repositories = Repositories.of(configuration, clientMetrics, ground);
        closers.addAll(repositories.closers());
        JobRouting jobs = JobRouting.of(configuration, secrets.gitlab(), agents, ground);
        jobRouter = jobs.service();
        closers.add(jobs.closer());
        AgentServices services = AgentServices.of(configuration, agents, repositories, state, tunnels, jobs.service(), ground);
        closers.addAll(services.closers());
        agentListeners = AgentListeners.of(configuration.agent(), agents, services, state.limiter(), () -> end(tunnels, services),
                grpcMetrics, ground);
        railsApi = configuration.api().isEmpty()
                ? Optional.empty()
                : Optional.of(RailsApiListener.of(configuration.api().get(), secrets.api().orElseThrow(), configuration.compatibleVersion(),
                        repositories, state, grpcMetrics, ground));
        kubernetesApi = configuration.agent().kubernetesApi().isEmpty()
                ? Optional.empty()
                : Optional.of(KubernetesApiListener.of(configuration.agent().kubernetesApi().get(), configuration, agents.access(),
                        secrets.websocketToken(), agentChannels, state, ground));
        observability = ObservabilityListener.of(configuration.observability(), probes, ground);
    }

    /** Empty where there is no GitLab, or it is not to be told. */
    private static Optional<UsageReporter> usageReporter(KasConfiguration configuration, Agents agents, SharedState state, Ground ground) {
        Duration period = configuration.observability().usageReportingPeriod();
        return agents.gitLab().filter(gitLab -> period.isPositive())
                .map(gitLab -> new UsageReporter(state.usage(), new HttpUsageReports(gitLab),
                        new EventReporter(state.events(), new HttpAgentEventReports(gitLab), ground.timers(), ground.log()), period,
                        ground.timers(), ground.log()));
    }

    private AgentChannels channels(TunnelRegistry tunnels) {
        return new TunnelChannels(tunnels, member.map(ClusterMember::gateways), new RoutingMetrics(ground.metrics().registry()),
                ground.timers(), ground.executor(), ground.log());
    }

    /** Streams that wait end; of tunnels the other servers are told as well. */
    private void end(TunnelRegistry tunnels, AgentServices services) {
        tunnels.stop();
        services.stopWaiting();
        member.ifPresent(ClusterMember::leave);
    }

    /**
     * Puts a server together; nothing listens yet, but Redis is connected where it is configured.
     *
     * @param variables the environment variables
     * @param work a directory that the server may write to
     * @throws StartException if the configuration names something that cannot be used
     */
    public static KasServer assemble(KasConfiguration configuration, Map<String, String> variables, BuildInfo build, Path work, Log log,
            Probes probes)
            throws StartException {
        return assemble(configuration, variables, build, work, log, probes, Optional.empty());
    }

    /** As the other; {@code shared} is where several servers of one process know each other's tunnels. */
    static KasServer assemble(KasConfiguration configuration, Map<String, String> variables, BuildInfo build, Path work, Log log,
            Probes probes, Optional<TunnelTrackers> shared) throws StartException {
        KasSecrets secrets;
        Telemetry telemetry;
        try {
            telemetry = Telemetry.of(configuration.observability(), variables, build, log);
        } catch (ConfigurationException e) {
            throw StartException.of("", e);
        }
        try {
            secrets = KasSecrets.read(configuration);
        } catch (ConfigurationException e) {
            telemetry.close();
            throw StartException.of("", e);
        }
        secrets.warnings().forEach(text -> log.with("warning", text).warn("Configuration"));
        Ground ground = Ground.lay(variables, build, work, telemetry.log(), telemetry.tracer());
        try {
            // the reference's order: the first error decides what the operator sees
            Optional<GitLabClient> gitLab = Agents.gitLabClient(configuration, secrets.gitlab(), ground);
            SharedState state = SharedState.of(configuration, shared, probes, ground);
            try {
                return new KasServer(configuration, secrets, ground, telemetry, probes, gitLab, state);
            } catch (StartException | RuntimeException e) {
                state.close();
                throw e;
            }
        } catch (StartException | RuntimeException e) {
            ground.close();
            telemetry.close();
            throw e;
        }
    }

    /**
     * Binds the listeners, the one for probes first.
     *
     * @throws StartException if one of them cannot listen; the caller closes the server then
     */
    public void start() throws StartException {
        Probes.Toggle agentsReady = probes.readinessToggle("agentServer");
        Optional<Probes.Toggle> privateReady = privateApi.map(api -> probes.readinessToggle("privateApiServer"));
        Optional<Probes.Toggle> apiReady = railsApi.map(api -> probes.readinessToggle("apiServer"));
        Optional<Probes.Toggle> kubernetesReady = kubernetesApi.map(api -> probes.readinessToggle("kubernetesApi"));
        try {
            observability.start();
        } catch (ListenException e) {
            throw StartException.of(ObservabilityListener.NAME, e);
        }
        usageReporter.ifPresent(UsageReporter::start);
        try {
            agentListeners.start();
            agentsReady.ready();
            member.ifPresent(cluster -> cluster.announcements().start());
            if (privateApi.isPresent()) {
                privateApi.get().start();
                privateReady.orElseThrow().ready();
            }
            if (railsApi.isPresent()) {
                railsApi.get().start();
                apiReady.orElseThrow().ready();
            }
        } catch (ListenException e) {
            throw StartException.of("", e);
        }
        try {
            if (kubernetesApi.isPresent()) {
                kubernetesApi.get().start();
                kubernetesReady.orElseThrow().ready();
            }
        } catch (ListenException e) {
            throw StartException.of(KubernetesApiListener.NAME, e);
        }
    }

    /** The server's clock. */
    Timers timers() {
        return ground.timers();
    }

    /** Where agents connect. Only after {@link #start}. */
    public BoundAddress agentListener() {
        return agentListeners.bound();
    }

    /** Where other servers connect, if they may. Only after {@link #start}. */
    Optional<BoundAddress> privateApiListener() {
        return privateApi.map(PrivateApiServer::bound);
    }

    /** Where clients of clusters connect, if they may. Only after {@link #start}. */
    public Optional<BoundAddress> kubernetesApiListener() {
        return kubernetesApi.map(KubernetesApiServer::bound);
    }

    /** How to call what agents serve. */
    public AgentChannels agentChannels() {
        return agentChannels;
    }

    /** Takes agents' WebSockets from whoever terminates them: the second way in. Without one it is not used. */
    public HandoffListener agentHandoff() {
        return agentListeners.handedOver().listener();
    }

    /**
     * Ends the connections of {@link #agentHandoff} in order, after the listen grace period; everything else goes on. Blocks
     * until the last call ended.
     */
    public void drainAgentHandoff() {
        Drain handedOver = agentListeners.handedOver()::drain;
        handedOver.uninterrupted(DRAIN_LIMIT);
    }

    /** A new {@link #agentHandoff} after {@link #drainAgentHandoff}, unless the server ends. */
    public Optional<HandoffListener> renewAgentHandoff() {
        return agentListeners.handedOver().renew();
    }

    /** The {@code Server} header of answers to agents. */
    public String serverName() {
        return ground.build().serverName();
    }

    /**
     * Stops in order: first the Kubernetes API, whose requests need the agents; then all gRPC listeners at the same time, each
     * with its own grace period; probes answer until {@link #close}. Runners that wait for jobs are told at once, since the
     * Kubernetes API may take an hour. Blocks until the last call ended.
     */
    public void drain() {
        jobRouter.ifPresent(JobRouterService::leave);
        try {
            if (kubernetesApi.isPresent()) {
                kubernetesApi.get().drain();
            }
            List<Drain> drains = new ArrayList<>(agentListeners.drains());
            railsApi.ifPresent(api -> drains.add(api::drain));
            privateApi.ifPresent(api -> drains.add(api::drain));
            Drain.allAtOnce(drains, DRAIN_LIMIT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Cuts off the requests to clusters that {@link #drain} waits for, also those of other servers; everything else ends in order. */
    public void cutOffRequests() {
        kubernetesApi.ifPresent(KubernetesApiServer::close);
        privateApi.ifPresent(PrivateApiServer::close);
    }

    /** Cuts off what still runs and frees everything. */
    @Override
    public void close() {
        kubernetesApi.ifPresent(KubernetesApiServer::close);
        railsApi.ifPresent(RailsApiServer::close);
        privateApi.ifPresent(PrivateApiServer::close);
        agentListeners.close();
        observability.close();
        for (AutoCloseable closer : closers.reversed()) {
            try {
                closer.close();
            } catch (Exception e) {
                ground.log().withError(e).warn("Stopping a part of the server failed");
            }
        }
    }
}
