package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.proto.grpctool.HttpResponse;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.SimulatedTunnels;

/** Requests to clusters that arrive at one server while the agent is connected to another one. */
@Timeout(120)
class SeveralServersTest {
    @TempDir
    Path directory;

    private static void request(RawPeer client, String path, String body) throws Exception {
        client.send("POST " + path + " HTTP/1.1\r\nHost: x\r\n" + TwoServers.BEARER + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
    }

    private static void answer(KubernetesAgent.Call call) {
        String text = "you sent " + call.body().size();
        call.answer(201, text, "Content-Length", String.valueOf(text.length()));
    }

    @Test
    @DisplayName("TC-38, TC-45: a request finds its agent at the other server, also when it connects later, and all of it arrives")
    void found() throws Exception {
        KubernetesAgent cluster = new KubernetesAgent().atEnd(SeveralServersTest::answer);
        try (TwoServers servers = new TwoServers(directory); RawPeer client = RawPeer.plain(servers.clients())) {
            request(client, "/a", "x".repeat(100_000));
            SimulatedTunnels tunnels = servers.agent(cluster.bindService());
            assertThat(client.readHead()).startsWith("HTTP/1.1 201");
            assertThat(client.readText(15)).isEqualTo("you sent 100000");
            for (int i = 0; i < 20; i++) {
                request(client, "/again", "y");
                assertThat(client.readHead()).startsWith("HTTP/1.1 201");
                assertThat(client.readText(10)).isEqualTo("you sent 1");
            }
            assertThat(tunnels.served()).isEqualTo(21);
            assertThat(servers.gateways()).containsExactly(servers.yUrl);
        }
    }

    @Test
    @DisplayName("A client that does not read stops its agent at the other server, and nobody else")
    void backpressure() throws Exception {
        KubernetesAgent cluster = new KubernetesAgent();
        try (TwoServers servers = new TwoServers(directory)) {
            servers.agent(cluster.bindService());
            KubernetesAgent.Call call;
            try (RawPeer slow = RawPeer.slow(servers.clients(), false); RawPeer client = RawPeer.plain(servers.clients())) {
                slow.send("GET /flood HTTP/1.1\r\nHost: x\r\n" + TwoServers.BEARER + "\r\n\r\n");
                call = cluster.next();
                call.head(200);
                byte[] incompressible = new byte[64 << 10];
                new Random(1).nextBytes(incompressible);
                HttpResponse part = HttpResponse.newBuilder()
                        .setData(HttpResponse.Data.newBuilder().setData(ByteString.copyFrom(incompressible))).build();
                // what fits into the windows of two connections and the sockets' own buffers
                assertThat(call.flood(part, 2_000)).isLessThan(600);
                request(client, "/other", "z");
                cluster.next().answer(200, "quick", "Content-Length", "5");
                assertThat(client.readHead()).startsWith("HTTP/1.1 200");
                assertThat(client.readText(5)).isEqualTo("quick");
            }
            await().atMost(Duration.ofSeconds(20)).until(() -> call.cancelled.get() == 1);
        }
    }

    @Test
    @DisplayName("TC-60: the agents' server drains while another server's request runs on it: it ends as if nothing was, and nobody is sent there")
    void drain() throws Exception {
        KubernetesAgent cluster = new KubernetesAgent();
        try (TwoServers servers = new TwoServers(directory); RawPeer client = RawPeer.plain(servers.clients())) {
            servers.agent(cluster.bindService());
            client.send("GET /download HTTP/1.1\r\nHost: x\r\n" + TwoServers.BEARER + "\r\n\r\n");
            KubernetesAgent.Call call = cluster.next();
            call.head(200, "Content-Length", "8").data("half");
            assertThat(client.readHead()).startsWith("HTTP/1.1 200");
            assertThat(client.readText(4)).isEqualTo("half");
            assertThat(servers.gateways()).containsExactly(servers.yUrl);
            Thread drain = Thread.ofVirtual().start(servers.y::drain);
            await().until(() -> servers.gateways().isEmpty());
            assertThat(drain.isAlive()).isTrue();
            call.data("done").trailer().complete();
            assertThat(client.readText(4)).isEqualTo("done");
            assertThat(drain.join(Duration.ofSeconds(20))).isTrue();
        }
    }

    @Test
    @DisplayName("A server that stops for good cuts off other servers' requests as well, and ends then")
    void cutOff() throws Exception {
        KubernetesAgent cluster = new KubernetesAgent();
        try (TwoServers servers = new TwoServers(directory); RawPeer client = RawPeer.plain(servers.clients())) {
            servers.agent(cluster.bindService());
            client.send("GET /watch HTTP/1.1\r\nHost: x\r\n" + TwoServers.BEARER + "\r\n\r\n");
            KubernetesAgent.Call call = cluster.next();
            call.head(200).data("event");
            assertThat(client.readHead()).startsWith("HTTP/1.1 200");
            Thread drain = Thread.ofVirtual().start(servers.y::drain);
            await().until(() -> servers.gateways().isEmpty());
            servers.y.cutOffRequests();
            await().until(() -> call.cancelled.get() == 1);
            assertThat(drain.join(Duration.ofSeconds(20))).isTrue();
        }
    }

    @Test
    @DisplayName("TC-51: with TLS, a CA of one's own, and a name that all servers share")
    void tls() throws Exception {
        X509Bundle authority = new CertificateBuilder().subject("CN=ca").setIsCertificateAuthority(true).buildSelfSigned();
        X509Bundle leaf = new CertificateBuilder().subject("CN=kas").addSanDnsName("kas.cluster.test").buildIssuedBy(authority);
        Path ca = write("ca.pem", authority.getCertificatePEM());
        String listen = ", certificate_file: " + write("c.pem", leaf.getCertificatePathPEM()) + ", key_file: "
                + write("k.pem", leaf.getPrivateKeyPEM()) + ", ca_certificate_file: " + ca;
        KubernetesAgent cluster = new KubernetesAgent().atEnd(call -> call.answer(200, "fine"));
        assertThatThrownBy(() -> new TwoServers(Files.createDirectory(directory.resolve("nameless")), "grpcs", listen, Map.of()))
                .isInstanceOf(StartException.class).hasMessage("private API server: new server: OWN_PRIVATE_API_HOST environment variable is"
                        + " not set. Set it to the kas' host name if you want to use TLS for kas->kas communication");
        try (TwoServers servers = new TwoServers(directory, "grpcs", listen,
                Map.of("OWN_PRIVATE_API_HOST", "kas.cluster.test", "OWN_PRIVATE_API_SCHEME", "grpcs"));
                RawPeer client = RawPeer.plain(servers.clients())) {
            servers.agent(cluster.bindService());
            request(client, "/a", "x");
            assertThat(client.readHead()).startsWith("HTTP/1.1 200");
        }
        try (TwoServers servers = new TwoServers(Files.createDirectory(directory.resolve("other")), "grpcs", listen,
                Map.of("OWN_PRIVATE_API_HOST", "another.name.test", "OWN_PRIVATE_API_SCHEME", "grpcs"));
                RawPeer client = RawPeer.plain(servers.clients())) {
            SimulatedTunnels tunnels = servers.agent(cluster.bindService());
            await().until(() -> !servers.gateways().isEmpty());
            request(client, "/a", "x");
            assertThat(client.awaitClose(500)).isFalse();
            assertThat(tunnels.served()).isZero();
        }
    }

    private Path write(String name, String pem) throws Exception {
        return Files.writeString(directory.resolve(name), pem, StandardCharsets.US_ASCII);
    }
}
