package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.openkas.cluster.MemoryUsedTokens;
import org.openkas.kubernetesaccess.WebSocketTokens;
import org.openkas.net.Security;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.Program;

/**
 * The client of GitLab's pages, unmodified: environment variable CLUSTER_CLIENT_DIR names the directory of npm's package
 * {@code @gitlab/cluster-client}; it is run by {@code node} (20 or newer).
 */
@EnabledIfEnvironmentVariable(named = "CLUSTER_CLIENT_DIR", matches = ".+", disabledReason = "CLUSTER_CLIENT_DIR names no @gitlab/cluster-client")
class StockWatchClientTest {
    private static final Path FILES = Path.of("src/test/resources/testkit");

    private static String pod(String type, String name, int version) {
        return "{\"type\":\"" + type + "\",\"object\":{\"metadata\":{\"name\":\"" + name + "\",\"uid\":\"uid-" + name
                + "\",\"resourceVersion\":\"" + version + "\"}}}\n";
    }

    private static void assertPrints(Program client, int line, String text) {
        await().atMost(Duration.ofSeconds(30)).until(() -> client.out().size() > line);
        assertThat(client.out().get(line)).isEqualTo(text);
    }

    @Test
    @DisplayName("NR-046 @gitlab/cluster-client: token, connection, data callback, errors; no pod twice after the watch began again")
    void pods() throws Exception {
        FakeTimers timers = new FakeTimers();
        Security security = Security.of(FILES.resolve("server.pem").toString(), FILES.resolve("server.key").toString(), List.of());
        try (RunningProxy proxy = RunningProxy.setup().timers(timers).security(security).prefix("/-/kubernetes-agent/k8s-proxy/")
                .tokens(new WebSocketTokens(new byte[72], new MemoryUsedTokens(timers), timers)).start();
                Program client = Program.run(
                        List.of("node", "--experimental-websocket", "--no-warnings", FILES.resolve("watch-client.mjs").toString(),
                                Path.of(System.getenv("CLUSTER_CLIENT_DIR")).toAbsolutePath().toString(),
                                "https://localhost:" + proxy.port() + "/-/kubernetes-agent/k8s-proxy"),
                        Map.of("NODE_EXTRA_CA_CERTS", FILES.resolve("ca.pem").toString()))) {
            // node takes its time to load the package
            await().atMost(Duration.ofSeconds(60)).until(() -> proxy.agent.waiting() > 0);
            KubernetesAgent.Call pods = proxy.agent.next();
            assertThat(pods.header().getRequest().getUrlPath()).isEqualTo("/api/v1/namespaces/default/pods");
            pods.head(200).data(pod("ADDED", "a", 1) + pod("ADDED", "b", 2));
            proxy.agent.next().answer(403, "{\"kind\":\"Status\",\"message\":\"pods is forbidden\"}");
            // the one watch that fails tells its error and then its list, which is empty
            await().atMost(Duration.ofSeconds(30)).until(() -> client.out().size() >= 4);
            assertThat(client.out()).containsExactlyInAnyOrder("{\"watchId\":\"k8sPods-n-default\",\"data\":[\"a\"]}",
                    "{\"watchId\":\"k8sPods-n-default\",\"data\":[\"a\",\"b\"]}",
                    "{\"watchId\":\"k8sPods-n-secret\",\"error\":\"pods is forbidden\"}", "{\"watchId\":\"k8sPods-n-secret\",\"data\":[]}");
            pods.data(pod("DELETED", "a", 3)).trailer().complete();
            assertPrints(client, 4, "{\"watchId\":\"k8sPods-n-default\",\"data\":[\"b\"]}");
            await().until(() -> {
                timers.advance(Duration.ofSeconds(1));
                return proxy.agent.waiting() > 0;
            });
            proxy.agent.next().head(200).data(pod("ADDED", "b", 2) + pod("ADDED", "c", 4));
            assertPrints(client, 5, "{\"watchId\":\"k8sPods-n-default\",\"data\":[\"b\"]}");
            assertPrints(client, 6, "{\"watchId\":\"k8sPods-n-default\",\"data\":[\"b\",\"c\"]}");
        }
    }
}
