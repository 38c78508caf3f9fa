package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.openkas.kubernetesapi.RunningProxy.ORIGIN;
import static org.openkas.kubernetesapi.RunningProxy.TOKEN;
import static org.openkas.kubernetesapi.RunningProxy.setup;

import com.google.protobuf.ByteString;
import io.grpc.ClientInterceptors;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.openkas.grpc.MadeCallTraces;
import org.openkas.kubernetesaccess.Access;
import org.openkas.kubernetesaccess.AgentAccess;
import org.openkas.kubernetesaccess.Credential;
import org.openkas.kubernetesaccess.Identity;
import org.openkas.proto.grpctool.HttpResponse;
import org.openkas.proto.kubernetesapi.HeaderExtra;
import org.openkas.testkit.InProcess;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.NoLeaks;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.RecordedSpans;
import org.openkas.testkit.WebSocketMessage;

/** NR-039, NR-041 to NR-045, NR-047: watches of a client that shows its credential in a header. */
@ExtendWith(NoLeaks.class)
class WatchTest {
    private static final String UPGRADE = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: gitlab-agent-watch-api\r\n";

    @Test
    @DisplayName("The WebSocket is one span until it is closed, and the watches' calls of the agent are part of it")
    void traced() throws Exception {
        RecordedSpans spans = new RecordedSpans();
        try (InProcess agent = new InProcess(new KubernetesAgent());
                RunningProxy proxy = setup().tracer(spans)
                        .agents(_ -> ClientInterceptors.intercept(agent.channel(), new MadeCallTraces(spans))).start()) {
            try (RawPeer peer = open(proxy)) {
                say(peer, "{\"type\":\"watch\",\"watch_id\":\"w\",\"watch_params\":{\"version\":\"v1\",\"resource\":\"pods\",\"namespace\":\"n\"}}");
                await().until(() -> !spans.spans("gitlab.agent.kubernetes_api.rpc.KubernetesApi/MakeRequest").isEmpty());
                assertThat(spans.span("k8s-proxy").ends).isZero();
            }
            RecordedSpans.Recorded socket = spans.span("k8s-proxy");
            await().until(() -> socket.ends > 0);
            assertThat(socket.attributes).containsEntry("http.status_code", 101L).containsEntry("agent_id", 123L);
            assertThat(spans.parent(spans.span("gitlab.agent.kubernetes_api.rpc.KubernetesApi/MakeRequest"))).contains(socket);
        }
    }

    /** An open WebSocket. */
    private static RawPeer open(RunningProxy proxy, String... lines) throws Exception {
        return open(proxy, proxy.peer(), lines);
    }

    private static RawPeer open(RunningProxy proxy, RawPeer peer, String... lines) throws Exception {
        peer.send("GET /watch HTTP/1.1\r\n" + TOKEN + UPGRADE + String.join("", List.of(lines)) + "\r\n");
        String head = peer.readHead();
        assertThat(head).startsWith("HTTP/1.1 101 Switching Protocols\r\n").contains("Sec-WebSocket-Protocol: gitlab-agent-watch-api\r\n",
                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
        return peer;
    }

    private static KubernetesAgent.Call watch(RunningProxy proxy, RawPeer peer, String id) throws Exception {
        say(peer, "{\"type\":\"watch\",\"watch_id\":\"" + id
                + "\",\"watch_params\":{\"version\":\"v1\",\"resource\":\"pods\",\"namespace\":\"n\"}}");
        return proxy.agent.next();
    }

    private static void say(RawPeer peer, String text) throws Exception {
        peer.send(new WebSocketMessage(WebSocketMessage.TEXT, text.getBytes(StandardCharsets.UTF_8)));
    }

    private static String heard(RawPeer peer) throws Exception {
        WebSocketMessage message = peer.readMessage();
        assertThat(message.first()).isEqualTo(WebSocketMessage.TEXT);
        return new String(message.payload(), StandardCharsets.UTF_8);
    }

    private static String event(String type, String uid, int version) {
        return "{\"type\":\"" + type + "\",\"object\":{\"metadata\":{\"uid\":\"" + uid + "\",\"resourceVersion\":\"" + version + "\"}}}\n";
    }

    private static String told(String id, String event) {
        return "{\"type\":\"event\",\"watchId\":\"" + id + "\",\"watchEvent\":" + event.strip() + "}";
    }

    private static void assertCancelled(KubernetesAgent.Call call) {
        await().atMost(Duration.ofSeconds(1)).until(() -> call.cancelled.get() == 1);
    }

    @Test
    @DisplayName("NR-041 two watches on one connection, each a request with the client's identity and without its credential")
    void twoWatches() throws Exception {
        Identity identity = new Identity("somebody", List.of("a group"), "", List.of());
        AgentAccess access = new AgentAccess() {
            @Override
            public Access access(Credential credential) {
                return new Access(credential.agentId(), Optional.of(identity), credential.kind(), 1, 2);
            }

            @Override
            public Optional<Access> known(Credential credential) {
                return Optional.empty();
            }
        };
        try (RunningProxy proxy = setup().access(access).start();
                RawPeer peer = open(proxy, "User-Agent: a browser\r\n", "Cookie: secret=1\r\n", "Accept-Encoding: br\r\n")) {
            KubernetesAgent.Call one = watch(proxy, peer, "one");
            KubernetesAgent.Call other = watch(proxy, peer, "other");
            assertThat(one.header().getRequest().getMethod()).isEqualTo("GET");
            assertThat(one.header().getRequest().getUrlPath()).isEqualTo("/api/v1/namespaces/n/pods");
            assertThat(one.header().getRequest().getQueryOrThrow("watch").getValueList()).containsExactly("true");
            assertThat(one.header().getRequest().getHeaderMap()).containsOnlyKeys("Accept", "User-Agent", "Via");
            assertThat(one.headerValue("Accept")).isEqualTo("application/json");
            assertThat(one.headerValue("User-Agent")).isEqualTo("a browser");
            assertThat(one.header().getExtra().unpack(HeaderExtra.class).getImpConfig().getUsername()).isEqualTo("somebody");
            await().until(() -> one.halfClosed.get() == 1);
            one.head(200, "Set-Cookie", "a=b").data(event("ADDED", "u1", 1) + event("ADDED", "u2", 2).substring(0, 9));
            assertThat(heard(peer)).isEqualTo(told("one", event("ADDED", "u1", 1)));
            other.head(200).data(event("ADDED", "u1", 1));
            assertThat(heard(peer)).isEqualTo(told("other", event("ADDED", "u1", 1)));
            one.data(event("ADDED", "u2", 2).substring(9));
            assertThat(heard(peer)).isEqualTo(told("one", event("ADDED", "u2", 2)));
            assertThat(proxy.usage.snapshot().counts()).containsEntry("k8s_api_proxy_request", 2L);
        }
    }

    @Test
    @DisplayName("NR-042 a watch that ended, or whose agent left, goes on without another ADDED")
    void resumed() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = open(proxy)) {
            watch(proxy, peer, "one").head(200).data(event("ADDED", "u1", 7)).trailer().complete();
            assertThat(heard(peer)).isEqualTo(told("one", event("ADDED", "u1", 7)));
            KubernetesAgent.Call second = again(proxy);
            assertThat(second.header().getRequest().getQueryOrThrow("resourceVersion").getValueList()).containsExactly("7");
            second.head(200).data(event("ADDED", "u1", 7) + event("DELETED", "u1", 9));
            assertThat(heard(peer)).isEqualTo(told("one", event("MODIFIED", "u1", 7)));
            assertThat(heard(peer)).isEqualTo(told("one", event("DELETED", "u1", 9)));
            second.fail(io.grpc.Status.UNAVAILABLE);
            KubernetesAgent.Call third = again(proxy);
            assertThat(third.header().getRequest().getQueryOrThrow("resourceVersion").getValueList()).containsExactly("9");
            third.head(200).data(event("ADDED", "u2", 10));
            assertThat(heard(peer)).isEqualTo(told("one", event("ADDED", "u2", 10)));
        }
    }

    private static KubernetesAgent.Call again(RunningProxy proxy) throws Exception {
        await().until(() -> {
            proxy.timers.advance(Duration.ofSeconds(1));
            return proxy.agent.waiting() > 0;
        });
        return proxy.agent.next();
    }

    @Test
    @DisplayName("NR-043 no BOOKMARK; ERROR becomes an error with the status. NR-044 a refusal is that watch's alone")
    void errors() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = open(proxy)) {
            KubernetesAgent.Call good = watch(proxy, peer, "good");
            String status = "{\"kind\":\"Status\",\"code\":410,\"message\":\"too old\"}";
            watch(proxy, peer, "old").head(200)
                    .data(event("BOOKMARK", "", 3) + "{\"type\":\"ERROR\",\"object\":" + status + "}\n");
            assertThat(heard(peer))
                    .isEqualTo("{\"type\":\"error\",\"watchId\":\"old\",\"error\":{\"message\":\"too old\",\"object\":" + status + "}}");
            watch(proxy, peer, "secret").answer(403, "{\"kind\":\"Status\",\"message\":\"forbidden\"}");
            assertThat(heard(peer)).isEqualTo(
                    "{\"type\":\"error\",\"watchId\":\"secret\",\"error\":{\"message\":\"forbidden\",\"object\":{\"kind\":\"Status\",\"message\":\"forbidden\"}}}");
            watch(proxy, peer, "gone").fail(io.grpc.Status.UNAVAILABLE.withDescription("no agent"));
            assertThat(heard(peer)).contains("\"watchId\":\"gone\"",
                    "GitLab Agent Server: HTTP->gRPC: failed to read gRPC response: rpc error: code = Unavailable desc = no agent");
            good.head(200).data(event("ADDED", "u1", 1));
            assertThat(heard(peer)).isEqualTo(told("good", event("ADDED", "u1", 1)));
        }
    }

    @Test
    @DisplayName("NR-045 whether the client says that it leaves, hangs up or is reset: everything is cancelled within 1 s")
    void leaving() throws Exception {
        List<Leaving> ways = List.of(peer -> peer.send(WebSocketMessage.close(1000, "bye")), RawPeer::close, RawPeer::halfClose,
                RawPeer::reset);
        try (RunningProxy proxy = setup().start()) {
            for (Leaving way : ways) {
                try (RawPeer peer = open(proxy)) {
                    KubernetesAgent.Call one = watch(proxy, peer, "one");
                    KubernetesAgent.Call other = watch(proxy, peer, "other");
                    one.head(200).data(event("ADDED", "u1", 1));
                    heard(peer);
                    way.leave(peer);
                    assertCancelled(one);
                    assertCancelled(other);
                }
                await().until(() -> proxy.server.connections().isEmpty());
            }
        }
    }

    private interface Leaving {
        void leave(RawPeer peer) throws Exception;
    }

    @Test
    @DisplayName("a close frame is answered with its code")
    void closeFrame() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = open(proxy)) {
            peer.send(WebSocketMessage.close(3001, "bye"));
            WebSocketMessage answer = peer.readMessage();
            assertThat(answer.first()).isEqualTo(WebSocketMessage.CLOSE);
            assertThat(answer.closeCode()).isEqualTo(3001);
            assertThat(peer.awaitClose(2000)).isTrue();
        }
    }

    @Test
    @DisplayName("a client is asked every 30 s whether it is there; one that does not answer loses its watches")
    void pings() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = open(proxy)) {
            KubernetesAgent.Call call = watch(proxy, peer, "one");
            for (int i = 0; i < 3; i++) {
                proxy.timers.advance(Duration.ofSeconds(30));
                assertThat(peer.readMessage().first()).isEqualTo(WebSocketMessage.PING);
                peer.send(new WebSocketMessage(WebSocketMessage.PONG, new byte[0]));
                // what is answered was heard before
                peer.send(new WebSocketMessage(WebSocketMessage.PING, new byte[]{7}));
                assertThat(peer.readMessage().first()).isEqualTo(WebSocketMessage.PONG);
            }
            proxy.timers.advance(Duration.ofSeconds(30));
            assertThat(peer.readMessage().first()).isEqualTo(WebSocketMessage.PING);
            assertThat(call.cancelled.get()).isZero();
            proxy.timers.advance(Duration.ofSeconds(30));
            assertCancelled(call);
            assertThat(peer.awaitClose(2000)).isTrue();
        }
    }

    @Test
    @DisplayName("a client that does not read holds its watches back, and is closed after 30 s")
    void slowClient() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = open(proxy, RawPeer.slow(proxy.port(), false))) {
            KubernetesAgent.Call call = watch(proxy, peer, "one");
            call.head(200);
            String large = "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"uid\":\"u\"},\"x\":\"" + "x".repeat(30 << 10) + "\"}}\n";
            HttpResponse message = HttpResponse.newBuilder().setData(HttpResponse.Data.newBuilder().setData(ByteString.copyFromUtf8(large)))
                    .build();
            assertThat(call.flood(message, 10_000)).as("messages of 30 KiB").isLessThan(300);
            assertThat(proxy.waitingBytes()).allSatisfy(bytes -> assertThat(bytes).isLessThan(256L << 10));
            proxy.timers.advance(Duration.ofSeconds(29));
            assertThat(call.cancelled.get()).isZero();
            proxy.timers.advance(Duration.ofSeconds(2));
            assertCancelled(call);
        }
    }

    @Test
    @DisplayName("a client that reads again gets the rest")
    void slowClientReadsAgain() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = open(proxy, RawPeer.slow(proxy.port(), false))) {
            KubernetesAgent.Call call = watch(proxy, peer, "one");
            call.head(200);
            String large = "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"uid\":\"u\"},\"x\":\"" + "x".repeat(100 << 10) + "\"}}\n";
            ByteString bytes = ByteString.copyFromUtf8(large);
            int sent = call.flood(HttpResponse.newBuilder().setData(HttpResponse.Data.newBuilder().setData(bytes)).build(), 10_000);
            for (int i = 0; i < sent; i++) {
                assertThat(heard(peer)).isEqualTo(told("one", large));
            }
            await().until(call::ready);
            call.data(event("ADDED", "u1", 1));
            assertThat(heard(peer)).isEqualTo(told("one", event("ADDED", "u1", 1)));
        }
    }

    @Test
    @DisplayName("a message of more than 64 KiB closes with 1009, a binary one with 1003, another protocol with 1008")
    void violations() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            assertThat(closed(proxy, new WebSocketMessage(WebSocketMessage.TEXT, new byte[(64 << 10) + 1]))).isEqualTo(1009);
            assertThat(closed(proxy, new WebSocketMessage(WebSocketMessage.BINARY, new byte[1]))).isEqualTo(1003);
            assertThat(closed(proxy, new WebSocketMessage(WebSocketMessage.TEXT, "hello".getBytes(StandardCharsets.UTF_8))))
                    .isEqualTo(1008);
        }
    }

    private static int closed(RunningProxy proxy, WebSocketMessage message) throws Exception {
        try (RawPeer peer = open(proxy)) {
            KubernetesAgent.Call call = watch(proxy, peer, "one");
            peer.send(message);
            int code = peer.readMessage().closeCode();
            assertCancelled(call);
            // the client may stay silent
            proxy.timers.advance(Duration.ofSeconds(6));
            assertThat(peer.awaitClose(2000)).isTrue();
            return code;
        }
    }

    @Test
    @DisplayName("watches do not hold a stop up: the client is told with 1001")
    void stop() throws Exception {
        try (RunningProxy proxy = setup().listenGrace(Duration.ZERO).start(); RawPeer peer = open(proxy)) {
            KubernetesAgent.Call call = watch(proxy, peer, "one");
            Thread drain = Thread.ofVirtual().start(() -> {
                try {
                    proxy.server.drain();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            await().until(() -> {
                proxy.timers.advance(Duration.ofMillis(1));
                return call.cancelled.get() == 1;
            });
            WebSocketMessage goodbye = peer.readMessage();
            assertThat(goodbye.closeCode()).isEqualTo(1001);
            peer.send(WebSocketMessage.close(1001, ""));
            drain.join(Duration.ofSeconds(5));
            assertThat(drain.isAlive()).isFalse();
        }
    }

    @Test
    @DisplayName("after 8 hours a client has to come again")
    void age() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = open(proxy)) {
            KubernetesAgent.Call call = watch(proxy, peer, "one");
            List<Integer> codes = new ArrayList<>();
            for (int minutes = 0; minutes < 8 * 60 && codes.isEmpty(); minutes++) {
                for (int half = 0; half < 2 && codes.isEmpty(); half++) {
                    proxy.timers.advance(Duration.ofSeconds(30));
                    WebSocketMessage message = peer.readMessage();
                    if (message.first() == WebSocketMessage.CLOSE) {
                        codes.add(message.closeCode());
                    } else {
                        peer.send(new WebSocketMessage(WebSocketMessage.PING, new byte[]{1}));
                        WebSocketMessage pong = peer.readMessage();
                        if (pong.first() == WebSocketMessage.CLOSE) {
                            codes.add(pong.closeCode());
                        }
                    }
                }
            }
            assertThat(codes).containsExactly(1001);
            assertCancelled(call);
        }
    }

    @Test
    @DisplayName("NR-039 a page of another origin gets 403")
    void origin() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            assertThat(proxy.get("/watch", (UPGRADE + "Origin: https://evil.example").split("\r\n")).status()).isEqualTo(403);
            try (RawPeer peer = open(proxy, "Origin: " + ORIGIN + "\r\n")) {
                say(peer, "{\"type\":\"unwatch\",\"watch_id\":\"a\"}");
                assertThat(heard(peer)).contains("no watch with this watch_id is open");
            }
        }
    }

    @Test
    @DisplayName("what is no WebSocket of this protocol is refused with a Status")
    void noWebSocket() throws Exception {
        try (RunningProxy proxy = setup().prefix("/k8s/").start()) {
            assertThat(proxy.get("/k8s/watch", UPGRADE.replace("websocket", "SPDY/3.1").split("\r\n")).status()).isEqualTo(426);
            assertThat(proxy.get("/k8s/watch", UPGRADE.replace("13", "12").split("\r\n")).status()).isEqualTo(400);
            RunningProxy.Answer answer = proxy.get("/k8s/watch", UPGRADE.replace("gitlab-agent-watch-api", "else").split("\r\n"));
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.body()).contains("\"kind\":\"Status\"", "gitlab-agent-watch-api");
            assertThat(proxy.agent.waiting()).isZero();
            proxy.agent.atEnd(call -> call.answer(404, "no such path"));
            assertThat(proxy.get("/k8s/watch").body()).as("without an upgrade it is a path as any other").isEqualTo("no such path");
        }
    }

    @Test
    @DisplayName("NR-047 object graphs are answered with 501 and a Status")
    void graph() throws Exception {
        try (RunningProxy proxy = setup().prefix("/k8s/").start()) {
            RunningProxy.Answer answer = proxy.get("/k8s/graph",
                    UPGRADE.replace("gitlab-agent-watch-api", "gitlab-agent-graph-api").split("\r\n"));
            assertThat(answer.status()).isEqualTo(501);
            assertThat(answer.body()).contains("\"kind\":\"Status\"", "Object graphs are not supported", "\"code\":501");
            assertThat(proxy.agent.waiting()).isZero();
        }
    }
}
