package org.openkas.app;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
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
import org.openkas.common.BuildInfo;
import org.openkas.common.SystemTimers;
import org.openkas.config.ConfigurationLoader;
import org.openkas.config.KasConfiguration;
import org.openkas.demo.DemoCluster;
import org.openkas.demo.DemoWorld;
import org.openkas.diagnosis.Kubeconfig;
import org.openkas.observability.Probes;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.Program;
import org.openkas.testkit.RecordedLog;

/** kubectl through GitLab's own agent, which environment variable AGENTK_BIN names, to a demo cluster. */
@EnabledIfEnvironmentVariable(named = "AGENTK_BIN", matches = ".+", disabledReason = "AGENTK_BIN names no stock agentk")
class StockAgentKubectlIT extends KubectlContract {
    @TempDir
    static Path directory;

    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final SystemTimers timers = new SystemTimers(executor);
    private DemoCluster cluster;
    private KasServer server;
    private Program agent;

    @BeforeAll
    void begin() throws Exception {
        RandomGenerator random = RandomGenerator.getDefault();
        DemoWorld world = DemoWorld.in(directory.resolve("world"), random, Instant.now());
        Map<String, String> ports = Map.of("openkas.agent.listen.address", "127.0.0.1:0", "openkas.observability.listen.address",
                "127.0.0.1:0", "openkas.agent.kubernetes_api.listen.address", "127.0.0.1:0");
        KasConfiguration configuration = new ConfigurationLoader()
                .load(Optional.of(world.serverConfiguration()), name -> Optional.ofNullable(ports.get(name))).configuration();
        server = KasServer.assemble(configuration, Map.of(), BuildInfo.UNKNOWN, directory.resolve("work"), new RecordedLog().log(),
                new Probes());
        server.start();
        world.offer(Kubeconfig.of(configuration, DemoWorld.USER, DemoWorld.AGENT,
                Optional.of("https://" + server.kubernetesApiListener().orElseThrow().address()), Optional.empty()).yaml());
        cluster = DemoCluster.start(timers, random);
        Path kubeconfig = Files.writeString(directory.resolve("agentk-kubeconfig"), """
                apiVersion: v1
                kind: Config
                clusters: [{name: demo, cluster: {server: "%s"}}]
                users: [{name: demo, user: {token: a-service-account-token}}]
                contexts: [{name: demo, context: {cluster: demo, user: demo, namespace: gitlab-agent}}]
                current-context: demo
                """.formatted(cluster.uri()));
        agent = Program.run(List.of(System.getenv("AGENTK_BIN"), "--kas-address=grpc://" + server.agentListener().address(),
                "--token-file=" + world.tokenFile(), "--kubeconfig=" + kubeconfig, "--cache-dir=" + directory.resolve("cache"),
                "--observability-listen-address=127.0.0.1:" + FreePorts.some(1).getFirst()),
                Map.of("POD_NAMESPACE", "gitlab-agent", "POD_NAME", "stock", "SERVICE_ACCOUNT_NAME", "gitlab-agent"));
    }

    @AfterAll
    void end() {
        agent.close();
        server.close();
        cluster.close();
        timers.close();
        executor.shutdownNow();
    }

    @Override
    Path kubeconfig() {
        return directory.resolve("world/kubeconfig");
    }
}
