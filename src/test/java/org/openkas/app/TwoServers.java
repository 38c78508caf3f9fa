package org.openkas.app;

import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.openkas.cluster.MemoryTunnelTracker;
import org.openkas.common.BuildInfo;
import org.openkas.common.Timers;
import org.openkas.config.ConfigurationLoader;
import org.openkas.config.PropertySource;
import org.openkas.observability.Probes;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.PeerTokens;
import org.openkas.testkit.RecordedLog;
import org.openkas.testkit.SimulatedTunnels;

/**
 * Two whole servers in one process that know each other: {@code x} for clients, {@code y} for agents. Agent 3 has the token {@code
 * secret-a}; anybody may reach it with {@link #BEARER}.
 */
final class TwoServers implements AutoCloseable {
    static final String BEARER = "Authorization: Bearer pat:3:t";
    private static final BuildInfo BUILD = BuildInfo.UNKNOWN;

    final RecordedLog log = new RecordedLog();
    final MemoryTunnelTracker.Cluster cluster = new MemoryTunnelTracker.Cluster();
    final String yUrl;
    final KasServer x;
    final KasServer y;
    private final List<AutoCloseable> opened = new ArrayList<>();

    /** {@code listen} is YAML in the section {@code private_api.listen}, beginning with a comma. */
    TwoServers(Path directory, String scheme, String listen, Map<String, String> variables) throws Exception {
        this(directory, scheme, listen, variables, "");
    }

    /** As the other; {@code observability} is YAML in the section of that name, beginning with a comma. */
    TwoServers(Path directory, String scheme, String listen, Map<String, String> variables, String observability) throws Exception {
        List<Integer> ports = FreePorts.some(2);
        yUrl = scheme + "://127.0.0.1:" + ports.get(1);
        x = start(Files.createDirectory(directory.resolve("x")), ports.get(0), listen, variables, observability);
        y = start(Files.createDirectory(directory.resolve("y")), ports.get(1), listen, variables, observability);
    }

    TwoServers(Path directory) throws Exception {
        this(directory, "grpc", "", Map.of());
    }

    private KasServer start(Path directory, int port, String listen, Map<String, String> variables, String observability) throws Exception {
        Path secret = Files.writeString(directory.resolve("secret"), Base64.getEncoder().encodeToString(PeerTokens.SECRET));
        Path agents = Files.writeString(directory.resolve("agents.yaml"),
                "{agents: [{name: a, id: 3, token: secret-a, repository: repos/a.git}], users: [{name: u, token: t, agents: '*'}]}");
        Path file = Files.writeString(directory.resolve("kas.yaml"), """
                standalone: {agents_file: %s}
                agent: {listen: {address: "127.0.0.1:0", listen_grace_period: 0.01s}, kubernetes_api: {listen: {address: "127.0.0.1:0",
                  listen_grace_period: 0.01s}}}
                observability: {listen: {address: "127.0.0.1:0"}%s}
                private_api: {listen: {address: "127.0.0.1:%d", listen_grace_period: 0.01s, authentication_secret_file: %s%s}}
                """.formatted(agents, observability, port, secret, listen));
        TunnelTrackers trackers = urls -> new MemoryTunnelTracker(cluster, urls, clock(),
                Duration.ofMinutes(5));
        KasServer server = KasServer.assemble(new ConfigurationLoader().load(Optional.of(file), PropertySource.none()).configuration(),
                variables, BUILD, directory.resolve("work"), log.log(), new Probes(), Optional.of(trackers));
        opened.add(server);
        server.start();
        return server;
    }

    private static Timers clock() {
        return new FakeTimers(Instant.now());
    }

    /** An agent at {@code y} that serves this. */
    SimulatedTunnels agent(ServerServiceDefinition service) {
        Metadata token = new Metadata();
        token.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer secret-a");
        ManagedChannel connection = NettyChannelBuilder.forTarget("dns:///" + y.agentListener().address()).usePlaintext().build();
        opened.add(connection::shutdownNow);
        SimulatedTunnels tunnels = new SimulatedTunnels(
                ClientInterceptors.intercept(connection, MetadataUtils.newAttachHeadersInterceptor(token)), 2, service);
        opened.add(tunnels);
        return tunnels;
    }

    /** Where clients of clusters connect. */
    int clients() {
        return x.kubernetesApiListener().orElseThrow().port();
    }

    /** Which servers have tunnels of the agent. */
    List<String> gateways() throws Exception {
        return new MemoryTunnelTracker(cluster, List.of(), clock(), Duration.ofMinutes(5)).gateways(3);
    }

    @Override
    public void close() {
        for (AutoCloseable resource : opened.reversed()) {
            try {
                resource.close();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
