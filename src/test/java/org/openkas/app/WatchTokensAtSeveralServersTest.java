package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.RealRedis;

/** Tokens for browsers' WebSockets at two servers that share a secret and a Redis. */
@Timeout(120)
class WatchTokensAtSeveralServersTest {
    private static final String LOST = "Redis is lost: this server goes on with its own agents, other servers do not see them";

    @TempDir
    Path directory;

    private final RealRedis redis = RealRedis.start();
    private final FakeGitLab gitLab = FakeGitLab.release19();

    @AfterEach
    void stop() {
        gitLab.close();
        redis.close();
    }

    private RunningServer server(String name) throws Exception {
        gitLab.always("/internal/kubernetes/authorize_proxy_user", _ -> GitLabAnswer.json(201, """
                {"agent":{"id":42,"config_project":{"id":5}},"user":{"id":8,"username":"u"},"access_as":{"user":{}}}"""));
        Path own = Files.createDirectory(directory.resolve(name));
        Path secret = Files.writeString(own.resolve("websocket"), Base64.getEncoder().encodeToString(new byte[72]));
        return RunningServer.withGitLab(own, gitLab,
                "agent: {listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s}, kubernetes_api: {"
                        + "listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s}, websocket_token_secret_file: " + secret + "}}",
                "127.0.0.1:0",
                "server: {address: \"" + redis.address() + "\"}");
    }

    private static RawPeer ask(RunningServer server, String target, String lines) throws Exception {
        RawPeer peer = RawPeer.plain(server.server.kubernetesApiListener().orElseThrow().port());
        peer.send("GET " + target + " HTTP/1.1\r\nHost: kas.test\r\nOrigin: https://gitlab.example\r\n" + lines + "\r\n\r\n");
        return peer;
    }

    private static String token(RunningServer server) throws Exception {
        try (RawPeer peer = ask(server, "/watch?kas-websocket-token-request=true",
                "Connection: close\r\nCookie: _gitlab_kas=session\r\nGitlab-Agent-Id: 42\r\nX-Csrf-Token: t")) {
            assertThat(peer.readHead()).startsWith("HTTP/1.1 200 ");
            String body = peer.readText(10_000);
            assertThat(body).matches("\\{\"token\":\"[-_A-Za-z0-9]+\"\\}");
            return body.substring(10, body.length() - 2);
        }
    }

    private static String use(RunningServer server, String token) throws Exception {
        try (RawPeer peer = ask(server, "/watch", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + "Sec-WebSocket-Protocol: gitlab-agent-watch-api, websocket-token.kas.gitlab.com." + token)) {
            return peer.readHead().substring(9, 12);
        }
    }

    @Test
    @DisplayName("NR-036 NR-037 NR-038: a token of one server is good at the other, once at all servers, and does not stand in Redis")
    void once() throws Exception {
        try (RunningServer x = server("x"); RunningServer y = server("y"); RealRedis.Client client = redis.client()) {
            String token = token(x);
            assertThat(use(y, token)).isEqualTo("101");
            assertThat(use(x, token)).isEqualTo("401");
            assertThat(use(y, token)).isEqualTo("401");
            String own = token(x);
            assertThat(use(x, own)).isEqualTo("101");
            assertThat(use(y, own)).isEqualTo("401");
            byte[] nonce = ByteString.copyFrom(Base64.getUrlDecoder().decode(token), 0, 12).toByteArray();
            assertThat(client.commands().keys("gitlab-kas:websocket_tokens:*")).hasSize(2)
                    .allSatisfy(key -> assertThat(key).hasSize("gitlab-kas:websocket_tokens:".length() + 32));
            for (byte[] key : client.commands().keys("*")) {
                String text = ByteString.copyFrom(key).toString(StandardCharsets.ISO_8859_1);
                assertThat(text).doesNotContain(token)
                        .doesNotContain(ByteString.copyFrom(nonce).toString(StandardCharsets.ISO_8859_1));
            }
        }
    }

    @Test
    @DisplayName("NR-037: without Redis a token serves once at each server, and one that served before it was lost no more at the same")
    void lost() throws Exception {
        try (RunningServer x = server("x"); RunningServer y = server("y")) {
            String before = token(x);
            assertThat(use(x, before)).isEqualTo("101");
            redis.kill();
            await().atMost(Duration.ofSeconds(20)).until(() -> !x.log.lines(LOST).isEmpty() && !y.log.lines(LOST).isEmpty());
            assertThat(use(x, before)).isEqualTo("401");
            String token = token(x);
            assertThat(use(x, token)).isEqualTo("101");
            assertThat(use(x, token)).isEqualTo("401");
            assertThat(use(y, token)).isEqualTo("101");
            assertThat(use(y, token)).isEqualTo("401");
            assertThat(x.log.lines().toString() + y.log.lines()).doesNotContain(token);
        }
    }
}
