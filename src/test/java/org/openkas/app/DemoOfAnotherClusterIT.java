package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openkas.common.SystemTimers;
import org.openkas.demo.DemoCluster;
import org.openkas.testkit.Program;
import org.openkas.testkit.RunningDistribution;
import org.yaml.snakeyaml.Yaml;

/** The distribution's demo where a kubeconfig leads its agent to a cluster that is not its own. */
@Timeout(180)
class DemoOfAnotherClusterIT {
    private static final Duration LIMIT = Duration.ofSeconds(120);

    @TempDir
    Path directory;

    private Program demo(Path kubeconfig) throws Exception {
        Map<String, String> environment = new HashMap<>(Map.of("JAVA_HOME", System.getProperty("java.home"), "OPENKAS_HTTP_PORT", "",
                "OPENKAS_DEMO_KUBECONFIG", kubeconfig.toString()));
        for (String section : List.of("AGENT", "AGENT_KUBERNETES_API", "OBSERVABILITY")) {
            environment.put("OPENKAS_" + section + "_LISTEN_ADDRESS", "127.0.0.1:0");
        }
        return Program.run(List.of(RunningDistribution.HOME.resolve("bin/openkas").toString(), "--demo=" + directory.resolve("demo")),
                environment);
    }

    @Test
    void theAgentForwardsToTheClusterOfTheKubeconfig() throws Exception {
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
                SystemTimers timers = new SystemTimers(executor);
                DemoCluster cluster = DemoCluster.start(timers, RandomGenerator.getDefault())) {
            create(cluster.uri().resolve("/api/v1/namespaces/default/configmaps"), "only-there");
            Path kubeconfig = Files.writeString(directory.resolve("real"), """
                    clusters: [{name: c, cluster: {server: "%s"}}]
                    contexts: [{name: x, context: {cluster: c}}]
                    current-context: x
                    """.formatted(cluster.uri()));
            try (Program demo = demo(kubeconfig)) {
                demo.awaitOut("End the demo", LIMIT);
                assertThat(get("/api/v1/namespaces/default/configmaps/only-there").statusCode()).isEqualTo(200);
                assertThat(demo.out()).anyMatch(line -> line.strip().equals("kubectl get pods -w"))
                        .as("pods of another cluster are not known").noneMatch(line -> line.contains("clock"));
            }
        }
    }

    private static void create(URI uri, String name) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(uri).header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString("{\"metadata\":{\"name\":\"%s\"}}".formatted(name))).build();
            assertThat(client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode()).isEqualTo(201);
        }
    }

    /** A request of the demo's user. */
    private HttpResponse<String> get(String path) throws Exception {
        Map<String, List<Map<String, Map<String, String>>>> kubeconfig = new Yaml()
                .load(Files.readString(directory.resolve("demo/kubeconfig")));
        SslContextBuilder trust = SslContextBuilder.forClient().sslProvider(SslProvider.JDK)
                .trustManager(directory.resolve("demo/server.crt").toFile());
        try (HttpClient client = HttpClient.newBuilder().sslContext(((JdkSslContext) trust.build()).context()).build()) {
            URI server = URI.create(kubeconfig.get("clusters").getFirst().get("cluster").get("server"));
            return client.send(
                    HttpRequest.newBuilder(server.resolve(path))
                            .header("Authorization", "Bearer " + kubeconfig.get("users").getFirst().get("user").get("token")).build(),
                    HttpResponse.BodyHandlers.ofString());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                                                                 | no such file
            users: []                                            | current-context: is missing or empty
            """)
    void aKubeconfigThatLeadsNowhereEndsTheStart(String text, String message) throws Exception {
        Path kubeconfig = directory.resolve("wrong");
        if (text != null) {
            Files.writeString(kubeconfig, text);
        }
        try (Program demo = demo(kubeconfig)) {
            assertThat(demo.exit(LIMIT)).isEqualTo(1);
            assertThat(demo.err()).singleElement().asString()
                    .startsWith("Program aborted: demo: kubeconfig " + kubeconfig + ": " + message);
        }
    }
}
