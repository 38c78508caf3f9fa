package org.openkas.railsapi;

import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.openkas.agenttracker.AgentTrackerService;
import org.openkas.cluster.MemoryAgentTracker;
import org.openkas.grpc.GrpcServerMetrics;
import org.openkas.grpc.ListenerSettings;
import org.openkas.jwt.TokenVerifier;
import org.openkas.message.MessageRules;
import org.openkas.net.ListenAddress;
import org.openkas.net.ListenException;
import org.openkas.net.Network;
import org.openkas.net.Security;
import org.openkas.serverinfo.ServerInfoService;
import org.openkas.testkit.RailsTokens;
import org.openkas.testkit.RecordedLog;
import org.openkas.testkit.Threads;

/** Real listeners and channels to them, all gone after {@link #close}. */
final class RailsApiServers implements AutoCloseable {
    final Threads threads = new Threads();
    final MemoryAgentTracker tracker = new MemoryAgentTracker(threads.timers(), Duration.ofSeconds(300));
    final RecordedLog log = new RecordedLog();
    /** Of the last server that was started. */
    PrometheusRegistry registry = new PrometheusRegistry();
    private final List<Runnable> ends = new ArrayList<>();

    /** A running server on this address, with these services beside the usual ones. */
    RailsApiServer start(Network network, String address, Security security, BindableService... more) throws ListenException {
        List<BindableService> services = new ArrayList<>(List.of(more));
        services.add(new AgentTrackerService(tracker));
        services.add(new ServerInfoService("17.0.0"));
        TokenVerifier verifier = TokenVerifier.ofAnyIssuer(RailsTokens.SECRET, "gitlab-kas", threads.timers());
        ListenerSettings settings = ListenerSettings.http2(new ListenAddress(network, address), security, Duration.ofHours(2),
                Duration.ofMillis(100));
        registry = new PrometheusRegistry();
        RailsGate gate = new RailsGate(new GrpcServerMetrics(registry), verifier::objection, MessageRules::violations, log.log());
        RailsApiServer server = new RailsApiServer(settings, threads.runtime(), services, gate, log.log());
        server.start();
        ends.add(server::close);
        return server;
    }

    RailsApiServer start(BindableService... more) throws ListenException {
        return start(Network.TCP, "127.0.0.1:0", new Security.Plain(), more);
    }

    /** A builder of a cleartext channel to a server. */
    NettyChannelBuilder channelTo(RailsApiServer server) {
        SocketAddress address = server.bound().socketAddress();
        NettyChannelBuilder builder = NettyChannelBuilder.forAddress(address).eventLoopGroup(threads.loops().group()).usePlaintext();
        if (server.bound().network().equals("unix")) {
            return builder.channelType(EpollDomainSocketChannel.class, address.getClass());
        }
        return builder.channelType(threads.loops().epoll() ? EpollSocketChannel.class : NioSocketChannel.class);
    }

    ManagedChannel open(NettyChannelBuilder builder) {
        ManagedChannel channel = builder.build();
        ends.addFirst(channel::shutdownNow);
        return channel;
    }

    Metadata token() {
        return RailsTokens.bearer(threads.timers().now());
    }

    @Override
    public void close() {
        ends.forEach(Runnable::run);
        threads.close();
    }
}
