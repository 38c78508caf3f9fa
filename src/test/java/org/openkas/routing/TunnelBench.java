package org.openkas.routing;

import io.grpc.ManagedChannel;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import org.openkas.agentapi.AgentGate;
import org.openkas.agentapi.AgentServer;
import org.openkas.common.AgentType;
import org.openkas.gitlab.AgentIdentification;
import org.openkas.gitlab.AgentInfo;
import org.openkas.grpc.ConnectionPolicy;
import org.openkas.grpc.GrpcServerMetrics;
import org.openkas.grpc.ListenerSettings;
import org.openkas.grpc.Opening;
import org.openkas.message.MessageRules;
import org.openkas.net.ListenAddress;
import org.openkas.net.Network;
import org.openkas.net.Security;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.proto.entity.GitalyRepository;
import org.openkas.reversetunnel.ReverseTunnelService;
import org.openkas.reversetunnel.TunnelRegistry;
import org.openkas.testkit.AgentChannels;
import org.openkas.testkit.RecordedLog;
import org.openkas.testkit.Threads;

/** An agents' listener with tunnels; the token {@code token-N} belongs to agent N. */
public final class TunnelBench implements AutoCloseable {
    public final Threads threads = new Threads();
    public final RecordedLog log = new RecordedLog();
    public final PrometheusRegistry metrics = new PrometheusRegistry();
    public final TunnelRegistry registry = new TunnelRegistry(log.log());
    public final TunnelChannels channels = new TunnelChannels(registry, Optional.empty(), new RoutingMetrics(metrics), threads.timers(), threads.executor(),
            log.log());
    public final AgentServer server;
    public volatile AgentIdentification agents = (token, _) -> agent(Long.parseLong(token.value().substring("token-".length())));

    public TunnelBench() {
        this(Duration.ofHours(2), ConnectionPolicy.STANDARD);
    }

    public TunnelBench(Duration maxConnectionAge, ConnectionPolicy policy) {
        AgentGate gate = new AgentGate(new GrpcServerMetrics(metrics), MessageRules::violations,
                _ -> CompletableFuture.completedFuture(true), () -> {
                }, Map.of(), log.log());
        ListenerSettings settings = new ListenerSettings(new ListenAddress(Network.TCP, "127.0.0.1:0"), new Security.Plain(),
                new Opening.Http2OrWebSocket("gitlab-kas/v1.2.3/abcdef"), maxConnectionAge, Duration.ZERO, policy);
        ReverseTunnelService service = new ReverseTunnelService((token, found) -> agents.identify(token, found), registry, threads.timers(),
                RandomGenerator.getDefault(), threads.executor());
        try {
            server = new AgentServer(settings, threads.runtime(), List.of(service), gate, log.log());
            server.start();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    public static AgentInfo agent(long id) {
        return new AgentInfo(AgentType.AGENTK, id, "agent-" + id, 70 + id, GitalyInfo.getDefaultInstance(),
                GitalyRepository.getDefaultInstance(), "main");
    }

    public ManagedChannel connection(String scheme) {
        int port = server.bound().port();
        return scheme.equals("ws") ? AgentChannels.ws(port) : AgentChannels.grpc(port);
    }

    @Override
    public void close() {
        server.close();
        threads.close();
    }
}
