package org.openkas.app;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.cluster.MemoryTunnelTracker;
import org.openkas.common.BuildInfo;
import org.openkas.common.SystemTimers;
import org.openkas.config.ConfigurationLoader;
import org.openkas.config.KasConfiguration;
import org.openkas.demo.DemoCluster;
import org.openkas.demo.DemoWorld;
import org.openkas.diagnosis.Kubeconfig;
import org.openkas.observability.Probes;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.PeerTokens;
import org.openkas.testkit.Program;
import org.openkas.testkit.RecordedLog;

/**
 * kubectl through one server, and through another one to which GitLab's own agent is connected, which environment variable
 * AGENTK_BIN names, to a demo cluster.
 */
@EnabledIfEnvironmentVariable(named = "AGENTK_BIN", matches = ".+", disabledReason = "AGENTK_BIN names no stock agentk")
class RoutedKubectlIT extends KubectlContract {
    @TempDir
    static Path directory;

    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final SystemTimers timers = new SystemTimers(executor);
    private final MemoryTunnelTracker.Cluster servers = new MemoryTunnelTracker.Cluster();
    private DemoCluster cluster;
    private KasServer forClients;
    private KasServer forAgents;
    private Program agent;

    @BeforeAll
    void begin() throws Exception {
        RandomGenerator random = RandomGenerator.getDefault();
        DemoWorld world = DemoWorld.in(directory.resolve("world"), random, Instant.now());
        List<Integer> ports = FreePorts.some(3);
        forClients = server(world, "x", ports.get(0));
        forAgents = server(world, "y", ports.get(1));
        KasConfiguration configuration = configuration(world, ports.get(0));
        world.offer(Kubeconfig.of(configuration, DemoWorld.USER, DemoWorld.AGENT,
                Optional.of("https://" + forClients.kubernetesApiListener().orElseThrow().address()), Optional.empty()).yaml());
        cluster = DemoCluster.start(timers, random);
        Path kubeconfig = Files.writeString(directory.resolve("agentk-kubeconfig"), """
                apiVersion: v1
                kind: Config
                clusters: [{name: demo, cluster: {server: "%s"}}]
                users: [{name: demo, user: {token: a-service-account-token}}]
                contexts: [{name: demo, context: {cluster: demo, user: demo, namespace: gitlab-agent}}]
                current-context: demo
                """.formatted(cluster.uri()));
        agent = Program.run(List.of(System.getenv("AGENTK_BIN"), "--kas-address=grpc://" + forAgents.agentListener().address(),
                "--token-file=" + world.tokenFile(), "--kubeconfig=" + kubeconfig, "--cache-dir=" + directory.resolve("cache"),
                "--observability-listen-address=127.0.0.1:" + ports.get(2)),
                Map.of("POD_NAMESPACE", "gitlab-agent", "POD_NAME", "stock", "SERVICE_ACCOUNT_NAME", "gitlab-agent"));
    }

    private static KasConfiguration configuration(DemoWorld world, int port) throws Exception {
        Path secret = Files.writeString(directory.resolve("secret"), Base64.getEncoder().encodeToString(PeerTokens.SECRET));
        Map<String, String> settings = new HashMap<>();
        settings.put("openkas.agent.listen.address", "127.0.0.1:0");
        settings.put("openkas.observability.listen.address", "127.0.0.1:0");
        settings.put("openkas.agent.kubernetes_api.listen.address", "127.0.0.1:0");
        settings.put("openkas.private_api.listen.address", "127.0.0.1:" + port);
        settings.put("openkas.private_api.listen.authentication_secret_file", secret.toString());
        return new ConfigurationLoader().load(Optional.of(world.serverConfiguration()), name -> Optional.ofNullable(settings.get(name)))
                .configuration();
    }

    private KasServer server(DemoWorld world, String name, int port) throws Exception {
        KasServer server = KasServer.assemble(configuration(world, port), Map.of(), BuildInfo.UNKNOWN, directory.resolve(name),
                new RecordedLog().log(), new Probes(),
                Optional.of(urls -> new MemoryTunnelTracker(servers, urls, timers, Duration.ofMinutes(5))));
        server.start();
        return server;
    }

    @AfterAll
    void end() {
        agent.close();
        forClients.close();
        forAgents.close();
        cluster.close();
        timers.close();
        executor.shutdownNow();
    }

    @Override
    Path kubeconfig() {
        return directory.resolve("world/kubeconfig");
    }
}
