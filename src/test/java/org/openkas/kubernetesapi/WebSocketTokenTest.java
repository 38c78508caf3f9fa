package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.openkas.cluster.MemoryUsedTokens;
import org.openkas.kubernetesaccess.WebSocketTokens;
import org.openkas.kubernetesapi.RunningProxy.Answer;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.NoLeaks;
import org.openkas.testkit.RawPeer;

/** NR-035 to NR-038: browsers get a token with their session, and show it among a WebSocket's subprotocols. */
@ExtendWith(NoLeaks.class)
class WebSocketTokenTest {
    private static final String BROWSER = "Host: kas.test\r\nOrigin: " + RunningProxy.ORIGIN + "\r\n";
    private static final String SESSION = BROWSER + "Cookie: _gitlab_kas=session\r\nGitlab-Agent-Id: 123\r\nX-Csrf-Token: t\r\n";
    private static final String WEBSOCKET = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

    private final FakeTimers timers = new FakeTimers();

    private RunningProxy start() throws Exception {
        return RunningProxy.setup().timers(timers).tokens(new WebSocketTokens(new byte[72], new MemoryUsedTokens(timers), timers)).start();
    }

    private static Answer ask(RunningProxy proxy, String path) throws IOException {
        return proxy.ask("GET " + path + "?kas-websocket-token-request=true HTTP/1.1\r\n" + SESSION + "\r\n");
    }

    private static String token(RunningProxy proxy, String path) throws IOException {
        String body = ask(proxy, path).body();
        assertThat(body).matches("\\{\"token\":\"[-_A-Za-z0-9]+\"\\}");
        return body.substring(10, body.length() - 2);
    }

    private static String upgrade(String path, String protocols) {
        return "GET " + path + " HTTP/1.1\r\n" + BROWSER + WEBSOCKET + "Sec-WebSocket-Protocol: " + protocols + "\r\n\r\n";
    }

    private static String watching(String token) {
        return upgrade("/watch", "gitlab-agent-watch-api, websocket-token.kas.gitlab.com." + token);
    }

    private static String head(RunningProxy proxy, String request) throws IOException {
        try (RawPeer peer = proxy.peer()) {
            peer.send(request);
            return peer.readHead();
        }
    }

    @Test
    @DisplayName("NR-035 a browser gets a token with its session; the agent is not asked, nothing stores the answer")
    void issued() throws Exception {
        try (RunningProxy proxy = start()) {
            Answer answer = ask(proxy, "/watch");
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.header("Content-Type")).isEqualTo("application/json");
            assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
            assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo(RunningProxy.ORIGIN);
            assertThat(answer.body()).matches("\\{\"token\":\"[-_A-Za-z0-9]+\"\\}");
            assertThat(proxy.agent.waiting()).isZero();
            assertThat(proxy.usage.snapshot().counts()).isEmpty();
            assertThat(proxy.ask("GET /watch?kas-websocket-token-request=true HTTP/1.1\r\n" + BROWSER + "\r\n").status()).isEqualTo(401);
        }
    }

    @Test
    @DisplayName("NR-036 the token opens the WebSocket, with the watch's subprotocol alone, and is seen nowhere")
    void redeemed() throws Exception {
        try (RunningProxy proxy = start()) {
            String token = token(proxy, "/watch");
            String head = head(proxy, watching(token));
            assertThat(head).startsWith("HTTP/1.1 101 ").contains("Sec-WebSocket-Protocol: gitlab-agent-watch-api\r\n")
                    .doesNotContain(token);
            assertThat(proxy.log.lines().toString()).doesNotContain(token);
        }
    }

    @Test
    @DisplayName("NR-037 a token that was used, is 31 s old, is for another path or altered gives 401")
    void refused() throws Exception {
        try (RunningProxy proxy = start()) {
            String used = token(proxy, "/watch");
            assertThat(head(proxy, watching(used))).startsWith("HTTP/1.1 101 ");
            assertThat(head(proxy, watching(used))).startsWith("HTTP/1.1 401 ").contains("Gitlab-Unauthorized: true\r\n");
            assertThat(head(proxy, watching(token(proxy, "/api/v1/pods")))).startsWith("HTTP/1.1 401 ");
            String good = token(proxy, "/watch");
            char last = good.charAt(good.length() - 1);
            assertThat(head(proxy, watching(good.substring(0, good.length() - 1) + (char) (last ^ 1)))).startsWith("HTTP/1.1 401 ");
            String late = token(proxy, "/watch");
            timers.advance(Duration.ofSeconds(31));
            assertThat(head(proxy, watching(late))).startsWith("HTTP/1.1 401 ");
            assertThat(proxy.log.lines().toString()).doesNotContain(used, late, good);
        }
    }

    @Test
    @DisplayName("NR-038 a token of one server opens a WebSocket on another one")
    void otherServer() throws Exception {
        try (RunningProxy one = start(); RunningProxy other = start()) {
            assertThat(head(other, watching(token(one, "/watch")))).startsWith("HTTP/1.1 101 ");
        }
    }

    @Test
    @DisplayName("the token also opens exec; the cluster sees the other subprotocols, and neither token nor parameter")
    void exec() throws Exception {
        try (RunningProxy proxy = start(); RawPeer peer = proxy.peer()) {
            String path = "/api/v1/namespaces/n/pods/p/exec";
            String token = token(proxy, path);
            peer.send(upgrade(path + "?command=sh", "v4.channel.k8s.io, websocket-token.kas.gitlab.com." + token + ", channel.k8s.io"));
            KubernetesAgent.Call call = proxy.agent.next();
            assertThat(call.headerValue("Sec-Websocket-Protocol")).isEqualTo("v4.channel.k8s.io, channel.k8s.io");
            assertThat(call.header().getRequest().getQueryMap()).containsOnlyKeys("command");
            assertThat(call.header().getRequest().toString()).doesNotContain(token);
        }
    }

    @Test
    @DisplayName("an Authorization header counts before a token, a token before a cookie")
    void precedence() throws Exception {
        try (RunningProxy proxy = start()) {
            String protocols = "Sec-WebSocket-Protocol: gitlab-agent-watch-api, websocket-token.kas.gitlab.com.bad\r\n";
            assertThat(head(proxy, "GET /watch HTTP/1.1\r\n" + RunningProxy.TOKEN + WEBSOCKET + protocols + "\r\n"))
                    .startsWith("HTTP/1.1 101 ");
            assertThat(head(proxy, "GET /watch HTTP/1.1\r\n" + SESSION + WEBSOCKET + protocols + "\r\n")).startsWith("HTTP/1.1 401 ");
        }
    }

    @Test
    @DisplayName("without a secret there are no tokens: 404, and one that is shown gives 401")
    void off() throws Exception {
        try (RunningProxy proxy = RunningProxy.setup().timers(timers).start()) {
            assertThat(List.of(ask(proxy, "/watch").status(), ask(proxy, "/api/v1/pods").status())).containsExactly(404, 404);
            assertThat(head(proxy, watching("x"))).startsWith("HTTP/1.1 401 ");
            assertThat(proxy.agent.waiting()).isZero();
        }
    }
}
