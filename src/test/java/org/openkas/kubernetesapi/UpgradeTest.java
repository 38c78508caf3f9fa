package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.openkas.kubernetesapi.RunningProxy.TOKEN;
import static org.openkas.kubernetesapi.RunningProxy.setup;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.netty.channel.socket.DuplexChannel;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.kubernetesapi.RunningProxy.Answer;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.grpctool.HttpResponse;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.NoLeaks;
import org.openkas.testkit.RawPeer;

/** Chapter 03 §13: exec, attach and port-forward, as SPDY or WebSocket. */
@ExtendWith(NoLeaks.class)
class UpgradeTest {
    private static final String SPDY = "POST /api/v1/namespaces/n/pods/p/exec?command=sh HTTP/1.1\r\n" + TOKEN
            + "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n";
    private static final String NO_BODY = "Content-Length: 0\r\n\r\n";
    private static final ByteString HELLO = ByteString.copyFromUtf8("hello");

    private static KubernetesAgent.Call upgraded(RunningProxy proxy, RawPeer peer) throws Exception {
        peer.send(SPDY + NO_BODY);
        KubernetesAgent.Call call = proxy.agent.next();
        call.head(101, "Upgrade", "SPDY/3.1", "Connection", "Upgrade").trailer();
        assertThat(peer.readHead()).startsWith("HTTP/1.1 101 Switching Protocols\r\n");
        return call;
    }

    private static String next(KubernetesAgent.Call call) throws InterruptedException {
        ByteString bytes = call.upgraded.poll(10, TimeUnit.SECONDS);
        return bytes == null ? "nothing" : bytes.toStringUtf8();
    }

    @ParameterizedTest
    @CsvSource({"SPDY/3.1,X-Stream-Protocol-Version,v4.channel.k8s.io", "websocket,Sec-Websocket-Accept,s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
            "websocket,Sec-Websocket-Protocol,v4.channel.k8s.io", "websocket,Sec-Websocket-Extensions,x"})
    @DisplayName("KP-50, NR-034: the upgrade's headers pass both ways, with the allow-list on")
    void headersPass(String protocol, String header, String value) throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            peer.send("GET /exec HTTP/1.1\r\n" + TOKEN + "Connection: keep-alive, Upgrade\r\nUpgrade: " + protocol
                    + "\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\nSec-WebSocket-Key: abc\r\n\r\n");
            KubernetesAgent.Call call = proxy.agent.next();
            assertThat(call.headerValue("Upgrade")).isEqualTo(protocol);
            assertThat(call.headerValue("Connection")).isEqualTo("upgrade");
            assertThat(call.headerValue("X-Stream-Protocol-Version")).isEqualTo("v4.channel.k8s.io");
            assertThat(call.headerValue("Sec-Websocket-Key")).isEqualTo("abc");
            call.head(101, "Upgrade", protocol, "Connection", "Upgrade", header, value, "Set-Cookie", "a=b").trailer();
            Answer answer = new Answer(peer.readHead(), "");
            assertThat(answer.head()).startsWith("HTTP/1.1 101 Switching Protocols\r\n");
            assertThat(answer.header("Upgrade")).isEqualTo(protocol);
            assertThat(answer.header("Connection")).isEqualTo("upgrade");
            assertThat(answer.header(header)).isEqualTo(value);
            assertThat(answer.header("Set-Cookie") + answer.header("Transfer-Encoding") + answer.header("Content-Length")).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 0\r\n\r\n", "Content-Length: 4\r\n\r\nbody",
            "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"})
    @DisplayName("KP-51: header, body, trailer, no half-close; early bytes come first as upgrade data")
    void order(String framing) throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            boolean body = !framing.equals(NO_BODY);
            peer.send(SPDY + framing + "early");
            KubernetesAgent.Call call = proxy.agent.next();
            await().until(() -> call.messages.size() == (body ? 3 : 2));
            assertThat(call.messages.getLast().hasTrailer()).isTrue();
            assertThat(call.messages.stream().filter(HttpRequest::hasData)).hasSize(body ? 1 : 0);
            assertThat(call.header().hasContentLength()).isTrue();
            assertThat(call.header().getContentLength()).isEqualTo(framing.contains("chunked") ? -1 : body ? 4 : 0);
            assertThat(call.upgraded).isEmpty();
            call.head(101, "Upgrade", "SPDY/3.1").trailer();
            peer.readHead();
            assertThat(next(call)).isEqualTo("early");
            peer.send("later");
            assertThat(next(call)).isEqualTo("later");
            assertThat(call.halfClosed).hasValue(0);
            call.upgradeData(HELLO);
            assertThat(peer.readText(5)).isEqualTo("hello");
        }
    }

    @Test
    @DisplayName("An agent that upgrades before the request is complete: the rest of the body is not taken for the other protocol")
    void upgradeBeforeTheEnd() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            peer.send(SPDY + "Content-Length: 10\r\n\r\nhalf");
            KubernetesAgent.Call call = proxy.agent.next();
            call.head(101, "Upgrade", "SPDY/3.1").trailer();
            Answer answer = RunningProxy.answer(peer, false);
            assertThat(answer.status()).isEqualTo(502);
            assertThat(answer.body()).contains("code = InvalidArgument desc = unexpected upgrade before the end of the request");
            await().until(() -> call.cancelled.get() == 1);
            assertThat(call.upgraded).isEmpty();
        }
    }

    @Test
    @DisplayName("KP-52, §13.3: a client's half-close half-closes the request; the agent goes on until it ends the call")
    void halfClose() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            KubernetesAgent.Call call = upgraded(proxy, peer);
            peer.send("last");
            peer.halfClose();
            assertThat(next(call)).isEqualTo("last");
            await().until(() -> call.halfClosed.get() == 1);
            proxy.timers.advance(Duration.ofMinutes(10));
            call.upgradeData(HELLO);
            assertThat(peer.readText(5)).isEqualTo("hello");
            call.complete();
            assertThat(peer.readText(1)).isEmpty();
            assertThat(call.cancelled).hasValue(0);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "last"})
    @DisplayName("§13.3: a client that half-closes as soon as it has its 101 loses nothing")
    void earlyHalfClose(String last) throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            peer.send(SPDY + NO_BODY);
            KubernetesAgent.Call call = proxy.agent.next();
            call.head(101, "Upgrade", "SPDY/3.1");
            peer.readHead();
            peer.send(last);
            peer.halfClose();
            await().until(() -> proxy.server.connections().stream()
                    .allMatch(channel -> channel instanceof DuplexChannel duplex && duplex.isInputShutdown()));
            call.trailer();
            if (!last.isEmpty()) {
                assertThat(next(call)).isEqualTo(last);
            }
            await().until(() -> call.halfClosed.get() == 1);
            call.upgradeData(HELLO).complete();
            assertThat(peer.readText(100)).isEqualTo("hello");
        }
    }

    @Test
    @DisplayName("§13.4 row 1: a call that fails after 101 ends the connection at once, with nothing written")
    void agentFails() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            KubernetesAgent.Call call = upgraded(proxy, peer);
            call.fail(Status.UNAVAILABLE.withDescription("boom"));
            assertThat(peer.readText(1)).isEmpty();
            await().until(() -> !proxy.log.lines("HTTP->gRPC: failed to pipe upgraded connection streams").isEmpty());
            assertThat(proxy.log.lines("HTTP->gRPC: failed to pipe upgraded connection streams").getFirst().fields()).containsEntry("error",
                    "failed to read upgraded gRPC response: rpc error: code = Unavailable desc = boom");
        }
    }

    @Test
    @DisplayName("§13.4 row 1: a call that fails before 101 is answered at once, though the request is not half-closed")
    void agentFailsBefore() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            proxy.agent.atEnd(call -> call.fail(Status.UNAVAILABLE.withDescription("gRPC -> HTTP: no route")));
            Answer answer = proxy.ask(SPDY + NO_BODY);
            assertThat(answer.status()).isEqualTo(502);
            assertThat(answer.body()).contains(
                    "HTTP-\\u003egRPC: failed to read gRPC response: rpc error: code = Unavailable desc = gRPC -\\u003e HTTP: no route");
        }
    }

    @Test
    @DisplayName("§13.4 row 2: a call that ends well closes the connection when everything is delivered")
    void agentEnds() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            KubernetesAgent.Call call = upgraded(proxy, peer);
            call.upgradeData(HELLO).complete();
            assertThat(peer.readText(100)).isEqualTo("hello");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("§13.4 row 3: a client's reset ends the call at once though the agent is silent; after a half-close, with the next bytes")
    void reset(boolean halfClosed) throws Exception {
        try (RunningProxy proxy = setup().start()) {
            RawPeer peer = proxy.peer();
            KubernetesAgent.Call call = upgraded(proxy, peer);
            if (halfClosed) {
                peer.halfClose();
                await().until(() -> call.halfClosed.get() == 1);
            }
            peer.reset();
            if (halfClosed) {
                // nothing is read any more, so that only a write can show it
                call.upgradeData(HELLO).upgradeData(HELLO);
            }
            await().atMost(Duration.ofSeconds(3)).until(() -> call.cancelled.get() == 1);
        }
    }

    @Test
    @DisplayName("KP-52: a client that takes nothing for 20 s while bytes wait for it is disconnected")
    void deafClient() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = RawPeer.slow(proxy.port(), false)) {
            KubernetesAgent.Call call = upgraded(proxy, peer);
            proxy.timers.advance(Duration.ofMinutes(5));
            HttpResponse part = HttpResponse.newBuilder()
                    .setUpgradeData(HttpResponse.UpgradeData.newBuilder().setData(ByteString.copyFrom(new byte[32768]))).build();
            assertThat(call.flood(part, 1000)).isLessThan(1000);
            await().until(() -> proxy.timers.pending() == 1);
            proxy.timers.advance(Duration.ofSeconds(19));
            assertThat(call.cancelled).hasValue(0);
            proxy.timers.advance(Duration.ofSeconds(1));
            await().until(() -> call.cancelled.get() == 1);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("KP-53: a refused upgrade is half-closed, answered completely, and the connection goes on")
    void refused(boolean known) throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            for (int i = 0; i < 2; i++) {
                peer.send(SPDY + NO_BODY);
                KubernetesAgent.Call call = proxy.agent.next();
                String[] length = known ? new String[]{"Content-Length", "9"} : new String[]{};
                call.head(403, length);
                await().until(() -> call.halfClosed.get() == 1);
                call.data("forbidden").trailer().complete();
                Answer answer = RunningProxy.answer(peer, false);
                assertThat(answer.status()).isEqualTo(403);
                assertThat(answer.body()).isEqualTo("forbidden");
            }
            proxy.agent.atEnd(call -> call.answer(200, "next"));
            peer.send("GET / HTTP/1.1\r\n" + TOKEN + "\r\n");
            assertThat(RunningProxy.answer(peer, false).body()).isEqualTo("next");
        }
    }

    @ParameterizedTest
    @CsvSource({"426,SPDY/3.1,upgrade", "403,'',''", "200,'',''"})
    @DisplayName("chapter 03 §12.2, chapter 07 §8.1: Upgrade says what the connection becomes (101) or has to become (426), and nothing else")
    void upgradeOfRefusals(int status, String upgrade, String connection) throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            proxy.agent.atEnd(call -> call.answer(status, "no", "Content-Length", "2", "Connection", "Upgrade, X-Up", "Upgrade", "SPDY/3.1",
                    "X-Up", "1"));
            for (int i = 0; i < 2; i++) {
                peer.send("GET / HTTP/1.1\r\n" + TOKEN + "\r\n");
                Answer answer = RunningProxy.answer(peer, false);
                assertThat(answer.status()).isEqualTo(status);
                assertThat(answer.header("Upgrade")).isEqualTo(upgrade);
                assertThat(answer.header("Connection")).isEqualTo(connection);
                assertThat(answer.body()).isEqualTo("no");
            }
        }
    }

    @Test
    @DisplayName("What was sent early behind a refused upgrade is not taken for a request: the connection ends")
    void refusedWithEarlyBytes() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            proxy.agent.atEnd(call -> call.answer(403, "forbidden", "Content-Length", "9"));
            peer.send(SPDY + NO_BODY + "GET /smuggled HTTP/1.1\r\n" + TOKEN + "\r\n");
            assertThat(RunningProxy.answer(peer, false).body()).isEqualTo("forbidden");
            assertThat(peer.readText(1)).isEmpty();
            proxy.agent.next();
            assertThat(proxy.agent.waiting()).isZero();
        }
    }

    @Test
    @DisplayName("chapter 03 §2.2: a refusal of the server's own says that the connection ends where early bytes stand behind the upgrade")
    void ownRefusalWithEarlyBytes() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            peer.send("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: SPDY/3.1\r\n\r\nearly");
            Answer refused = RunningProxy.answer(peer, false);
            assertThat(refused.status()).isEqualTo(401);
            assertThat(refused.header("Connection")).isEqualTo("close");
            assertThat(peer.readText(1)).isEmpty();
        }
    }

    @Test
    @DisplayName("A client that sends early bytes and goes away before the answer ends the agent's call")
    void goneBefore() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            RawPeer peer = proxy.peer();
            peer.send(SPDY + NO_BODY + "early");
            KubernetesAgent.Call call = proxy.agent.next();
            peer.close();
            await().atMost(Duration.ofSeconds(3)).until(() -> call.cancelled.get() == 1);
        }
    }

    @Test
    @DisplayName("What a client sends comes in messages of 32 KiB at most")
    void manyBytes() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            proxy.agent.atEnd(call -> call.head(101, "Upgrade", "SPDY/3.1").trailer());
            peer.send(SPDY + NO_BODY);
            peer.readHead();
            KubernetesAgent.Call call = proxy.agent.next();
            peer.send(new byte[100_000]);
            int got = 0;
            while (got < 100_000) {
                ByteString bytes = call.upgraded.poll(10, TimeUnit.SECONDS);
                assertThat(bytes).isNotNull();
                assertThat(bytes.size()).isBetween(1, 32768);
                got += bytes.size();
            }
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    @DisplayName("§13.4 row 3: a reset after a half-close is noticed, though nothing is read or written any more")
    void resetAfterHalfClose() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            KubernetesAgent.Call call = upgraded(proxy, peer);
            peer.halfClose();
            await().until(() -> call.halfClosed.get() == 1);
            proxy.timers.advance(Duration.ofMinutes(10));
            assertThat(call.cancelled).hasValue(0);
            peer.reset();
            await().until(() -> {
                proxy.timers.advance(Duration.ofSeconds(10));
                return call.cancelled.get() == 1 && proxy.server.connections().isEmpty();
            });
        }
    }
}
