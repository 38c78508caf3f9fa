package org.openkas.agentapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openkas.grpc.ConnectionPolicy;
import org.openkas.grpc.GrpcServerMetrics;
import org.openkas.grpc.ListenerSettings;
import org.openkas.grpc.Opening;
import org.openkas.net.ListenAddress;
import org.openkas.net.Network;
import org.openkas.net.Security;
import org.openkas.testkit.AgentChannels;
import org.openkas.testkit.AgentServices;
import org.openkas.testkit.Http2Frame;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.RecordedLog;
import org.openkas.testkit.Threads;

/** The table of chapter 01 §2.1: what the port accepts with and without WebSocket and TLS. */
class ListenerModesTest {
    private static final Path CERTIFICATE = Path.of("src/test/resources/org/openkas/testkit/server.pem");
    private static final Path KEY = Path.of("src/test/resources/org/openkas/testkit/server-key.pem");

    private static Threads threads;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final RecordedLog log = new RecordedLog();

    @BeforeAll
    static void startThreads() {
        threads = new Threads();
    }

    @AfterAll
    static void stopThreads() {
        threads.close();
    }

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable resource : opened.reversed()) {
            resource.close();
        }
    }

    private AgentServer start(boolean websocket, boolean tls) throws Exception {
        return start(websocket, tls, ConnectionPolicy.STANDARD);
    }

    private AgentServer start(boolean websocket, boolean tls, ConnectionPolicy policy) throws Exception {
        PrometheusRegistry registry = new PrometheusRegistry();
        AgentGate gate = new AgentGate(new GrpcServerMetrics(registry), message -> Optional.empty(),
                token -> CompletableFuture.completedFuture(true),
                new RateExceeded(registry), Map.of(),
                log.log());
        Security security = tls
                ? Security.of(CERTIFICATE.toString(), KEY.toString(),
                        websocket ? Security.ALPN_GRPC_AND_WEBSOCKET : Security.ALPN_GRPC)
                : new Security.Plain();
        ListenerSettings settings = new ListenerSettings(new ListenAddress(Network.TCP, "127.0.0.1:0"), security,
                websocket ? new Opening.Http2OrWebSocket("gitlab-kas/v1/c") : new Opening.Http2(), Duration.ofHours(2), Duration.ZERO,
                policy);
        AgentServer server = new AgentServer(settings, threads.runtime(),
                new AgentServices().all(), gate, log.log());
        server.start();
        opened.add(server);
        return server;
    }

    private void works(ManagedChannel channel) {
        opened.add(channel::shutdownNow);
        AgentTransportContract.register(channel);
    }

    private <T extends AutoCloseable> T opened(T resource) {
        opened.add(resource);
        return resource;
    }

    @Test
    @DisplayName("AG-01 cleartext HTTP/2 with prior knowledge")
    void plain() throws Exception {
        AgentServer server = start(false, false);
        works(AgentChannels.grpc(server.bound().port()));
        assertThat(log.lines("Agentk API endpoint is up")).singleElement()
                .satisfies(line -> assertThat(line.fields()).containsEntry("net_network", "tcp")
                        .containsEntry("net_address", server.bound().address()).containsEntry("is_websocket", false));
    }

    @Test
    @DisplayName("without WebSocket a peer that does not speak HTTP/2 sees SETTINGS and is disconnected without an HTTP answer")
    void plainRefusesHttp1() throws Exception {
        RawPeer peer = opened(RawPeer.plain(start(false, false).bound().port()));
        peer.send(RawPeer.upgradeRequest("/"));
        assertThat(peer.readFrame().type()).isEqualTo(Http2Frame.SETTINGS);
        assertThatThrownBy(() -> {
            while (true) {
                assertThat(peer.readFrame().type()).isNotEqualTo(Http2Frame.HEADERS);
            }
        }).isInstanceOfAny(EOFException.class, IOException.class);
    }

    @ParameterizedTest
    @DisplayName("with WebSocket, what is no HTTP/1.1 ends the connection")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            HTTP/1.1            | HTTP/2.0                 | 505 HTTP Version Not Supported: unsupported protocol version
            Host: kas.test\\r\\n | ``                       | 400 Bad Request: missing required Host header
            Host: kas.test      | Host: a\\r\\nHost: b      | 400 Bad Request
            """)
    void noHttp11(String right, String wrong, String answer) throws Exception {
        RawPeer peer = opened(RawPeer.http(start(true, false).bound().port()));
        peer.send(RawPeer.upgradeRequest("/").replace(right.translateEscapes(), wrong.translateEscapes()));
        String head = peer.readHead();
        assertThat(head).startsWith("HTTP/1.1 " + answer.substring(0, 3) + " ");
        assertThat(head.toLowerCase(Locale.ROOT)).contains("\r\nconnection: close\r\n");
        assertThat(peer.readText(answer.length())).isEqualTo(answer);
        assertThat(peer.awaitClose(3_000)).isTrue();
    }

    @Test
    @DisplayName("AG-02 cleartext: HTTP/2 and WebSocket on one port")
    void both() throws Exception {
        int port = start(true, false).bound().port();
        works(AgentChannels.grpc(port));
        works(AgentChannels.ws(port));
    }

    @Test
    @DisplayName("AG-02 the preface may come byte by byte")
    void slowPreface() throws Exception {
        RawPeer peer = opened(RawPeer.plain(start(true, false).bound().port()));
        for (byte each : Http2Frame.opening()) {
            peer.send(new byte[]{each});
        }
        assertThat(peer.readFrame().type()).isEqualTo(Http2Frame.SETTINGS);
        peer.send(Http2Frame.ping(3));
        assertThat(peer.readFrame(Http2Frame.PING).payload()).endsWith(3);
    }

    @Test
    @DisplayName("AG-03 TLS: ALPN h2 is HTTP/2, anything else HTTP/1.1")
    void bothOverTls() throws Exception {
        int port = start(true, true).bound().port();
        works(AgentChannels.grpcs(port));
        works(AgentChannels.wss(port));
    }

    @Test
    @DisplayName("TLS without WebSocket: ALPN h2, or no ALPN at all")
    void tls() throws Exception {
        int port = start(false, true).bound().port();
        works(AgentChannels.grpcs(port));
        RawPeer peer = opened(RawPeer.over(tlsSocket(port, "TLSv1.3"), false));
        peer.sendHttp2(Http2Frame.opening());
        assertThat(peer.readFrame().type()).isEqualTo(Http2Frame.SETTINGS);
    }

    @Test
    @DisplayName("TLS 1.2 with its listed suites is accepted, TLS 1.1 is not")
    void tlsVersions() throws Exception {
        int port = start(true, true).bound().port();
        SSLSocket modern = (SSLSocket) opened(tlsSocket(port, "TLSv1.2"));
        assertThat(modern.getSession().getCipherSuite()).startsWith("TLS_ECDHE_ECDSA_WITH_");
        assertThatThrownBy(() -> tlsSocket(port, "TLSv1.1")).isInstanceOf(IOException.class);
    }

    @Test
    @DisplayName("a failed TLS handshake closes the connection")
    void noTls() throws Exception {
        RawPeer peer = opened(RawPeer.plain(start(true, true).bound().port()));
        peer.sendHttp2(Http2Frame.opening());
        assertThat(peer.awaitClose(3_000)).isTrue();
    }

    @Test
    @DisplayName("connections that never come to speak HTTP/2 are closed in time, and free their descriptors")
    void halfOpen() throws Exception {
        ConnectionPolicy quick = ConnectionPolicy.STANDARD.withHandshake(Duration.ofMillis(600), Duration.ofMillis(200));
        int both = start(true, false, quick).bound().port();
        int plain = start(false, false, quick).bound().port();
        int tls = start(true, true, quick).bound().port();
        List<RawPeer> peers = new ArrayList<>();
        peers.add(RawPeer.plain(both)); // nothing
        peers.add(RawPeer.plain(plain));
        peers.add(RawPeer.plain(tls));
        peers.add(RawPeer.over(tlsSocket(tls, "TLSv1.3"), false)); // TLS only
        RawPeer halfPreface = RawPeer.plain(both);
        halfPreface.send("PRI * HTTP/2");
        peers.add(halfPreface);
        RawPeer halfRequest = RawPeer.plain(both);
        halfRequest.send("GET / HTTP/1.1\r\nHost: x\r\n");
        peers.add(halfRequest);
        RawPeer refused = RawPeer.plain(both);
        refused.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        peers.add(refused);
        peers.add(RawPeer.websocket(both)); // no preface
        RawPeer noSettings = RawPeer.websocket(both);
        noSettings.sendHttp2(Http2Frame.PREFACE);
        peers.add(noSettings);
        RawPeer halfSettings = RawPeer.plain(plain);
        halfSettings.sendHttp2(Http2Frame.PREFACE, new byte[]{0, 0, 6, 4, 0});
        peers.add(halfSettings);
        RawPeer fine = opened(RawPeer.websocket(both));
        fine.sendHttp2(Http2Frame.opening());
        peers.forEach(opened::add);
        for (RawPeer peer : peers) {
            assertThat(peer.awaitClose(4_000)).as("peer %d", peers.indexOf(peer)).isTrue();
        }
        fine.send(Http2Frame.ping(1));
        assertThat(fine.readFrame(Http2Frame.PING).has(Http2Frame.ACK)).isTrue();
    }

    @Test
    @DisplayName("upgrades that finish while the listener shuts down are closed with 1001")
    void upgradeDuringShutdown() throws Exception {
        AgentServer server = start(true, false);
        int port = server.bound().port();
        RawPeer peer = opened(RawPeer.http(port));
        String request = RawPeer.upgradeRequest("/");
        peer.send(request.substring(0, request.length() - 2));
        RawPeer before = opened(RawPeer.websocket(port));
        RawPeer other = opened(RawPeer.websocket(port));
        // connections share two loops in turn: when these are served, whichever has the first peer has read its bytes
        for (RawPeer served : List.of(before, other)) {
            served.sendHttp2(Http2Frame.opening());
            served.readFrame(Http2Frame.SETTINGS);
        }
        Thread drain = Thread.ofVirtual().start(() -> {
            try {
                server.drain(Duration.ofSeconds(5));
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        before.readFrame(Http2Frame.GOAWAY);
        await().pollDelay(Duration.ofMillis(100)).until(() -> true); // both connections are told at about the same time
        peer.send(request.substring(request.length() - 2));
        assertThat(peer.readHead()).startsWith("HTTP/1.1 101 ");
        var close = peer.readControl();
        assertThat(close.closeCode()).isEqualTo(1001);
        assertThat(close.closeReason()).isEqualTo("Shutting down");
        peer.close();
        before.close();
        other.close();
        drain.join();
    }

    private static Socket tlsSocket(int port, String version) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setProtocols(new String[]{version});
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return socket;
    }
}
