package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.openkas.kubernetesapi.RunningProxy.TOKEN;
import static org.openkas.kubernetesapi.RunningProxy.setup;

import com.google.protobuf.ByteString;
import java.net.Socket;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.openkas.net.Security;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.NoLeaks;
import org.openkas.kubernetesapi.RunningProxy.Answer;
import org.openkas.testkit.RawPeer;

/** KP-58: the listener with TLS. */
@ExtendWith(NoLeaks.class)
class SecureProxyTest {
    private static final Path FILES = Path.of("src/test/resources/org/openkas/testkit");

    private static RunningProxy secure() throws Exception {
        return setup().security(Security.of(FILES.resolve("server.pem").toString(), FILES.resolve("server-key.pem").toString(), List.of()))
                .start();
    }

    @Test
    @DisplayName("KP-58: whoever offers h2 gets HTTP/1.1 without ALPN, and can exec; TLS 1.2 or newer")
    void exec() throws Exception {
        try (RunningProxy proxy = secure(); SSLSocket socket = connect(proxy.port()); RawPeer peer = RawPeer.over(socket, false)) {
            assertThat(socket.getApplicationProtocol()).isEmpty();
            assertThat(socket.getSession().getProtocol()).isIn("TLSv1.2", "TLSv1.3");
            peer.send("POST /exec HTTP/1.1\r\n" + TOKEN + "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nContent-Length: 0\r\n\r\n");
            KubernetesAgent.Call call = proxy.agent.next();
            call.head(101, "Upgrade", "SPDY/3.1").trailer();
            assertThat(peer.readHead()).startsWith("HTTP/1.1 101 ");
            peer.send("ping");
            ByteString heard = call.upgraded.poll(10, TimeUnit.SECONDS);
            assertThat(heard).isEqualTo(ByteString.copyFromUtf8("ping"));
            call.upgradeData(ByteString.copyFromUtf8("pong"));
            assertThat(peer.readText(4)).isEqualTo("pong");
            call.complete();
            assertThat(peer.readText(1)).isEmpty();
        }
    }

    @Test
    @DisplayName("A client of TLS that goes away ends the agent's call at once; answers that close are complete")
    void endings() throws Exception {
        try (RunningProxy proxy = secure()) {
            SSLSocket socket = connect(proxy.port());
            RawPeer peer = RawPeer.over(socket, false);
            peer.send("GET /watch HTTP/1.1\r\n" + TOKEN + "\r\n");
            KubernetesAgent.Call call = proxy.agent.next();
            call.head(200);
            peer.readHead();
            socket.close();
            await().atMost(Duration.ofSeconds(3)).until(() -> call.cancelled.get() == 1);
            proxy.agent.atEnd(other -> other.answer(200, "body"));
            try (SSLSocket second = connect(proxy.port()); RawPeer reader = RawPeer.over(second, false)) {
                reader.send("GET / HTTP/1.0\r\n" + TOKEN + "\r\n");
                assertThat(reader.readHead()).startsWith("HTTP/1.0 200 OK\r\n");
                assertThat(reader.readText(100)).isEqualTo("body");
            }
        }
    }

    @Test
    @DisplayName("KP-58: TLS 1.1 is refused")
    void oldTls() throws Exception {
        try (RunningProxy proxy = secure(); Socket socket = new Socket("127.0.0.1", proxy.port())) {
            socket.setSoTimeout(RawPeer.TIMEOUT_MILLIS);
            String hello = "0302" + "00".repeat(32) + "00" + "0004c013002f" + "0100";
            int length = hello.length() / 2;
            socket.getOutputStream().write(HexFormat.of().parseHex("160301" + HexFormat.of().toHexDigits((short) (length + 4)) + "01"
                    + HexFormat.of().toHexDigits(length).substring(2) + hello));
            byte[] alert = socket.getInputStream().readNBytes(7);
            assertThat(alert[0]).as("an alert").isEqualTo((byte) 0x15);
            assertThat(alert[6]).as("protocol_version").isEqualTo((byte) 70);
        }
    }

    private static SSLSocket connect(int port) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[]{new Trusting()}, new SecureRandom());
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(new String[]{"h2", "http/1.1"});
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return socket;
    }

    private static final class Trusting extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {
            // a test
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {
            // a test
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
            // a test
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
            // a test
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {
            // a test
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {
            // a test
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    @Test
    @DisplayName("chapter 03 §2.2: over TLS, too, a client that is still sending gets its refusal and the end at once")
    void refusedWhileSending() throws Exception {
        try (RunningProxy proxy = secure(); SSLSocket socket = connect(proxy.port()); RawPeer peer = RawPeer.over(socket, false)) {
            peer.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n");
            Answer answer = RunningProxy.answer(peer, false);
            assertThat(answer.status()).isEqualTo(401);
            assertThat(answer.header("Connection")).isEqualTo("close");
            assertThat(peer.readText(1)).isEmpty();
        }
    }
}
