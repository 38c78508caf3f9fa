package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.SimulatedTunnels;
import org.openkas.testkit.TestRepository;

@Timeout(60)
class KubernetesApiDrainTest {
    private static final String LISTEN = ", kubernetes_api: {listen: {address: \"127.0.0.1:0\", listen_grace_period: 0.01s,"
            + " shutdown_grace_period: 50s}}";

    @TempDir
    Path directory;

    @Test
    @DisplayName("CO-40: a download that runs when the server stops completes, and the agents' listener works until it did")
    void download() throws Exception {
        draining(site -> {
            site.call.data("done").trailer().complete();
            assertThat(site.client.readText(100)).isEqualTo("done");
        });
    }

    @Test
    @DisplayName("Requests that are cut off while the server waits for them end, and the rest of the stop goes on in order")
    void cutOff() throws Exception {
        draining(site -> {
            site.running.server.cutOffRequests();
            assertThat(site.client.awaitClose(10_000)).isTrue();
            await().until(() -> site.call.cancelled.get() == 1);
        });
    }

    private record Site(RunningServer running, RawPeer client, KubernetesAgent.Call call) {
    }

    private interface End {
        void of(Site site) throws Exception;
    }

    /** A server that drains while half of a download is delivered; whatever ends that, the drain ends then. */
    private void draining(End end) throws Exception {
        Metadata token = new Metadata();
        token.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer secret-a");
        KubernetesAgent cluster = new KubernetesAgent();
        try (TestRepository repository = TestRepository.create(directory.resolve("repository"))) {
            repository.commit("main", Map.of(".gitlab/agents/a/config.yaml", ""));
            Path agents = Files.writeString(directory.resolve("agents.yaml"),
                    "{agents: [{name: a, id: 3, token: secret-a, repository: %s}], users: [{name: u, token: t, agents: '*'}]}"
                            .formatted(repository.directory()));
            try (RunningServer running = RunningServer.standalone(directory, agents, LISTEN)) {
                ManagedChannel connection = running.channel();
                int port = running.server.kubernetesApiListener().orElseThrow().port();
                try (SimulatedTunnels tunnels = new SimulatedTunnels(
                        ClientInterceptors.intercept(connection, MetadataUtils.newAttachHeadersInterceptor(token)), 2,
                        cluster.bindService());
                        RawPeer client = RawPeer.plain(port)) {
                    client.send("GET /download HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer pat:3:t\r\n\r\n");
                    KubernetesAgent.Call call = cluster.next();
                    call.head(200, "Content-Length", "8").data("half");
                    assertThat(client.readHead()).startsWith("HTTP/1.1 200 OK\r\n");
                    assertThat(client.readText(4)).isEqualTo("half");
                    Thread drain = Thread.ofVirtual().start(running.server::drain);
                    await().until(() -> refuses(port));
                    assertThat(refuses(running.server.agentListener().port())).as("the agents' listener refuses").isFalse();
                    assertThat(tunnels.openTunnels()).isGreaterThan(1);
                    assertThat(tunnels.ends()).isEmpty();
                    assertThat(drain.isAlive()).isTrue();
                    end.of(new Site(running, client, call));
                    assertThat(drain.join(Duration.ofSeconds(20))).isTrue();
                    assertThat(refuses(running.server.agentListener().port())).isTrue();
                } finally {
                    connection.shutdownNow();
                }
            }
        }
    }

    private static boolean refuses(int port) {
        try (RawPeer peer = RawPeer.plain(port)) {
            return peer.awaitClose(50);
        } catch (IOException e) {
            return true;
        }
    }
}
