package org.openkas.app;

import io.grpc.BindableService;
import io.grpc.ServerInterceptor;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.openkas.agentapi.AgentGate;
import org.openkas.agentapi.AgentServer;
import org.openkas.agentapi.RateExceeded;
import org.openkas.agentconfiguration.AgentConfigurationService;
import org.openkas.agentconfiguration.ConfigurationSettings;
import org.openkas.agentregistrar.AgentRegistrarService;
import org.openkas.agenttracker.AgentTrackerService;
import org.openkas.agenttracker.ConnectedAgentsCount;
import org.openkas.cluster.GitPushEvents;
import org.openkas.cluster.MemoryAgentTracker;
import org.openkas.cluster.MemoryGitPushEvents;
import org.openkas.cluster.MemoryTokenLimiter;
import org.openkas.common.AgentType;
import org.openkas.common.BuildInfo;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.config.ApiListenSection;
import org.openkas.config.ConfigurationException;
import org.openkas.config.GitLabSection;
import org.openkas.config.KasConfiguration;
import org.openkas.config.KasSecrets;
import org.openkas.config.KubernetesApiSection;
import org.openkas.config.ListenSection;
import org.openkas.config.Secret;
import org.openkas.config.TlsFiles;
import org.openkas.configurationproject.ConfigurationProjectService;
import org.openkas.gitlab.AgentLookup;
import org.openkas.grpc.ConnectionPolicy;
import org.openkas.grpc.GrpcServerMetrics;
import org.openkas.grpc.HandoffListener;
import org.openkas.grpc.HandoffSettings;
import org.openkas.grpc.ListenerSettings;
import org.openkas.grpc.Opening;
import org.openkas.jwt.TokenVerifier;
import org.openkas.kubernetesaccess.AgentAccess;
import org.openkas.kubernetesapi.KubernetesApiServer;
import org.openkas.kubernetesapi.ProxySettings;
import org.openkas.message.MessageRules;
import org.openkas.net.BoundAddress;
import org.openkas.net.ListenAddress;
import org.openkas.net.ListenException;
import org.openkas.net.Network;
import org.openkas.net.Security;
import org.openkas.net.TlsException;
import org.openkas.notifications.NotificationsService;
import org.openkas.observability.ObservabilityEndpoint;
import org.openkas.observability.ObservabilityPaths;
import org.openkas.observability.Probes;
import org.openkas.railsapi.RailsApiServer;
import org.openkas.railsapi.RailsGate;
import org.openkas.reversetunnel.ReverseTunnelService;
import org.openkas.reversetunnel.TunnelRegistry;
import org.openkas.routing.AgentChannels;
import org.openkas.routing.LocalAgentChannels;
import org.openkas.routing.RoutingMetrics;
import org.openkas.serverinfo.ServerInfoService;
import org.openkas.usage.MemoryUsageCounters;

/**
 * The whole server without an application server around it: puts the rooms together by constructors, starts the listeners
 * in the reference's order and stops them in reverse (chapter 05 §9, §10). Used by the WAR and, without a container, by
 * tests. Life: {@link #assemble}, {@link #start}, {@link #drain}, {@link #close}; each from one thread.
 */
public final class KasServer implements AutoCloseable {
    /** Running calls may take as long as the connections' age lets them; this only catches what hangs. */
    private static final Duration DRAIN_LIMIT = Duration.ofHours(1);
    private static final int AGENTS_WAYS_IN = 2;

    private static final String KUBERNETES_API = "kubernetes_api: ";

    private final Ground ground;
    private final Probes probes;
    private final KasConfiguration configuration;
    private final List<AutoCloseable> closers = new ArrayList<>();
    private final GrpcServerMetrics grpcMetrics;
    private final ObservabilityEndpoint observability;
    private final TunnelRegistry tunnels;
    private final AgentChannels agentChannels;
    private final AgentServer agentServer;
    private final HandedOverAgents handedOver;
    private final Optional<RailsApiServer> railsApi;
    private final Optional<KubernetesApiServer> kubernetesApi;

    private KasServer(KasConfiguration configuration, KasSecrets secrets, Ground ground, Probes probes) throws StartException {
        this.ground = ground;
        this.probes = probes;
        this.configuration = configuration;
        grpcMetrics = new GrpcServerMetrics(ground.metrics().registry());
        closers.add(ground);

        Agents agents = Agents.of(configuration, secrets.gitlab(), ground);
        closers.add(agents.closer());
        Repositories repositories = Repositories.of(configuration, ground);
        closers.addAll(repositories.closers());
        MemoryAgentTracker tracker = new MemoryAgentTracker(ground.timers(), configuration.agent().redisConnInfoTtl());
        GitPushEvents pushes = new MemoryGitPushEvents(ground.executor(), ground.log());

        tunnels = new TunnelRegistry(ground.log());
        agentChannels = new LocalAgentChannels(tunnels, new RoutingMetrics(ground.metrics().registry()), ground.timers(), ground.executor(),
                ground.log());
        ListenerSettings agentSettings = agentListenerSettings();
        agentServer = agentServer(agentSettings, agents, repositories, tracker, pushes);
        handedOver = new HandedOverAgents(
                () -> new HandoffListener(HandoffSettings.like(agentSettings), ground.runtime(), agentServer.methods()));
        railsApi = configuration.api().isEmpty()
                ? Optional.empty()
                : Optional.of(railsApi(configuration.api().get(), secrets.api().orElseThrow(), repositories, tracker, pushes));
        kubernetesApi = configuration.agent().kubernetesApi().isEmpty()
                ? Optional.empty()
                : Optional.of(kubernetesApi(configuration.agent().kubernetesApi().get(), agents.access()));
        observability = observability();
        countConnectedAgents(tracker);
    }

    /**
     * Puts a server together; nothing listens yet.
     *
     * @param variables the environment variables
     * @param work a directory that the server may write to
     * @throws StartException if the configuration names something that cannot be used
     */
    public static KasServer assemble(KasConfiguration configuration, Map<String, String> variables, BuildInfo build, Path work, Log log,
            Probes probes)
            throws StartException {
        KasSecrets secrets;
        try {
            secrets = KasSecrets.read(configuration);
        } catch (ConfigurationException e) {
            throw StartException.of("", e);
        }
        secrets.warnings().forEach(text -> log.with("warning", text).warn("Configuration"));
        Ground ground = Ground.lay(variables, build, work, log);
        try {
            return new KasServer(configuration, secrets, ground, probes);
        } catch (StartException | RuntimeException e) {
            ground.close();
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
        Optional<Probes.Toggle> apiReady = railsApi.map(api -> probes.readinessToggle("apiServer"));
        Optional<Probes.Toggle> kubernetesReady = kubernetesApi.map(api -> probes.readinessToggle("kubernetesApi"));
        try {
            observability.start();
        } catch (ListenException e) {
            throw StartException.of("observability: ", e);
        }
        try {
            agentServer.start();
            handedOver.start();
            agentsReady.ready();
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
            throw StartException.of(KUBERNETES_API, e);
        }
    }

    /** The server's clock. */
    Timers timers() {
        return ground.timers();
    }

    /** Where agents connect. Only after {@link #start}. */
    public BoundAddress agentListener() {
        return agentServer.bound();
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
        return handedOver.listener();
    }

    /**
     * Ends the connections of {@link #agentHandoff} in order, after the listen grace period; everything else goes on. Blocks
     * until the last call ended.
     */
    public void drainAgentHandoff() {
        drainUninterrupted(handedOver::drain);
    }

    /** A new {@link #agentHandoff} after {@link #drainAgentHandoff}, unless the server ends. */
    public Optional<HandoffListener> renewAgentHandoff() {
        return handedOver.renew();
    }

    /** The {@code Server} header of answers to agents. */
    public String serverName() {
        return ground.build().serverName();
    }

    /**
     * Stops in order: first the Kubernetes API, whose requests need the agents; then all gRPC listeners at the same time, each
     * with its own grace period; probes answer until {@link #close}. Blocks until the last call ended.
     */
    public void drain() {
        try {
            if (kubernetesApi.isPresent()) {
                kubernetesApi.get().drain();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        List<Thread> drains = new ArrayList<>();
        AtomicInteger waysIn = new AtomicInteger(AGENTS_WAYS_IN);
        Runnable agesEnded = () -> {
            if (waysIn.decrementAndGet() == 0) {
                tunnels.stop();
            }
        };
        drains.add(Thread.ofVirtual().start(() -> drainUninterrupted(limit -> agentServer.drain(limit, agesEnded))));
        drains.add(Thread.ofVirtual().start(() -> drainUninterrupted(limit -> handedOver.end(limit, agesEnded))));
        railsApi.ifPresent(api -> drains.add(Thread.ofVirtual().start(() -> drainUninterrupted(api::drain))));
        for (Thread drain : drains) {
            try {
                drain.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /** Cuts off the requests to clusters that {@link #drain} waits for; everything else ends in order. */
    public void cutOffRequests() {
        kubernetesApi.ifPresent(KubernetesApiServer::close);
    }

    private interface Drain {
        void within(Duration limit) throws InterruptedException;
    }

    private static void drainUninterrupted(Drain drain) {
        try {
            drain.within(DRAIN_LIMIT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Cuts off what still runs and frees everything. */
    @Override
    public void close() {
        kubernetesApi.ifPresent(KubernetesApiServer::close);
        railsApi.ifPresent(RailsApiServer::close);
        tunnels.stop();
        handedOver.close();
        agentServer.close();
        observability.close();
        for (AutoCloseable closer : closers.reversed()) {
            try {
                closer.close();
            } catch (Exception e) {
                ground.log().withError(e).warn("Stopping a part of the server failed");
            }
        }
    }

    private AgentServer agentServer(ListenerSettings listen, Agents agents, Repositories repositories, MemoryAgentTracker tracker,
            GitPushEvents pushes) throws StartException {
        AgentLookup lookup = new AgentLookup(agents.source());
        String externalUrl = configuration.gitlab().flatMap(GitLabSection::externalUrl).orElse("");
        ConfigurationSettings settings = new ConfigurationSettings(configuration.agent().configuration().pollPeriod(),
                configuration.agent().configuration().maxConfigurationFileSize(), externalUrl);
        AgentConfigurationService configurations = new AgentConfigurationService(settings, lookup::lookUp, repositories.watches(),
                repositories.files()::file, agents.reporter(), tracker, pushes, ground.timers(), ground.random(), ground.executor());
        closers.add(configurations);
        AgentRegistrarService registrar = new AgentRegistrarService(new AgentsOfTokens(lookup), tracker, ground.timers(), ground.executor());
        ReverseTunnelService reverseTunnel = new ReverseTunnelService(new AgentsOfTokens(lookup), tunnels, ground.timers(), ground.random(),
                ground.executor());
        MemoryTokenLimiter limiter = new MemoryTokenLimiter(ground.timers(), configuration.agent().listen().connectionsPerTokenPerMinute(),
                ground.log());
        ground.limiters().limit("agent_connection", "{connection/token/m}",
                (double) configuration.agent().listen().connectionsPerTokenPerMinute());
        AgentGate gate = new AgentGate(grpcMetrics, MessageRules::violations, limiter, new RateExceeded(ground.metrics().registry()),
                configuration.agent().methodAliases(), agents.removed().<List<ServerInterceptor>>map(List::of).orElse(List.of()),
                ground.log());
        try {
            return new AgentServer(listen, ground.runtime(), List.<BindableService>of(configurations, registrar, reverseTunnel), gate,
                    ground.log());
        } catch (ListenException e) {
            throw StartException.of("agent server: ", e);
        }
    }

    private ListenerSettings agentListenerSettings() throws StartException {
        var listen = configuration.agent().listen();
        Opening opening = listen.websocket() ? new Opening.Http2OrWebSocket(ground.build().serverName()) : new Opening.Http2();
        try {
            Security security = security(listen, listen.websocket() ? Security.ALPN_GRPC_AND_WEBSOCKET : Security.ALPN_GRPC);
            return new ListenerSettings(address(listen), security, opening, listen.maxConnectionAge(), listen.listenGracePeriod(),
                    ConnectionPolicy.STANDARD);
        } catch (TlsException e) {
            throw StartException.of("agent server: ", e);
        }
    }

    private RailsApiServer railsApi(ApiListenSection listen, Secret secret, Repositories repositories, MemoryAgentTracker tracker,
            GitPushEvents pushes)
            throws StartException {
        List<BindableService> services = List.of(new AgentTrackerService(tracker), new NotificationsService(pushes),
                new ServerInfoService(configuration.compatibleVersion()),
                new ConfigurationProjectService(repositories.reader(), ground.executor()));
        TokenVerifier verifier = TokenVerifier.ofAnyIssuer(secret.bytes(), "gitlab-kas", ground.timers());
        RailsGate gate = new RailsGate(grpcMetrics, verifier::objection, MessageRules::violations, ground.log());
        try {
            ListenerSettings settings = ListenerSettings.http2(address(listen), security(listen, Security.ALPN_GRPC),
                    listen.maxConnectionAge(),
                    listen.listenGracePeriod());
            return new RailsApiServer(settings, ground.runtime(), services, gate, ground.log());
        } catch (ListenException | TlsException e) {
            throw StartException.of("API server: ", e);
        }
    }

    private KubernetesApiServer kubernetesApi(KubernetesApiSection section, AgentAccess access) throws StartException {
        try {
            ProxySettings settings = new ProxySettings(address(section.listen()), security(section.listen(), List.of()),
                    section.urlPathPrefix(), configuration.gitlab().flatMap(GitLabSection::externalUrl),
                    section.extraAllowedResponseHeaders(), section.listen().listenGracePeriod(), section.listen().shutdownGracePeriod());
            return new KubernetesApiServer(settings, ground.build().serverName(), access,
                    agentId -> agentChannels.to(AgentType.AGENTK, agentId), new MemoryUsageCounters(), ground.loops(), ground.timers(),
                    ground.executor(), ground.log());
        } catch (TlsException e) {
            throw StartException.of(KUBERNETES_API, e);
        }
    }

    private ObservabilityEndpoint observability() throws StartException {
        var section = configuration.observability();
        try {
            return new ObservabilityEndpoint(address(section.listen()), security(section.listen(), List.of()),
                    new ObservabilityPaths(section.prometheusUrlPath(), section.livenessUrlPath(), section.readinessUrlPath()), probes,
                    ground.metrics(), ground.build().serverName(), ground.loops(), ground.timers(), ground.executor(), ground.log());
        } catch (TlsException e) {
            throw StartException.of("observability: ", e);
        }
    }

    private void countConnectedAgents(MemoryAgentTracker tracker) {
        ConnectedAgentsCount count = new ConnectedAgentsCount(tracker, ground.executor(), ground.timers());
        GaugeWithCallback.builder().name(ConnectedAgentsCount.NAME).help("The number of unique connected agents")
                .callback(gauge -> gauge.call(count.getAsDouble())).register(ground.metrics().registry());
    }

    private static ListenAddress address(ListenSection listen) {
        return new ListenAddress(Network.of(listen.network()).orElseThrow(), listen.address());
    }

    private static Security security(ListenSection listen, List<String> alpn) throws TlsException {
        TlsFiles files = listen.tls().orElse(new TlsFiles("", ""));
        return Security.of(files.certificate(), files.key(), alpn);
    }
}
