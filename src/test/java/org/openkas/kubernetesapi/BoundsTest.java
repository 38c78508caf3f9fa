package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.openkas.kubernetesapi.RunningProxy.TOKEN;
import static org.openkas.kubernetesapi.RunningProxy.setup;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.kubernetesapi.RunningProxy.Answer;
import org.openkas.proto.grpctool.HttpResponse;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.NoLeaks;
import org.openkas.testkit.RawPeer;

/** Whoever is slow or deaf costs little and disturbs nobody (chapter 03 §14.3). */
@ExtendWith(NoLeaks.class)
class BoundsTest {
    private static final int PART = 32768;
    private static final HttpResponse DATA = HttpResponse.newBuilder()
            .setData(HttpResponse.Data.newBuilder().setData(ByteString.copyFrom(new byte[PART]))).build();
    /** What the kernel takes of a client that does not read, and what waits in the server. */
    private static final int MOST_BYTES = 4 << 20;

    @Test
    @DisplayName("200 clients that never read an endless download are bounded, disturb nobody, and leave nothing")
    void deafClients() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            proxy.agent.atEnd(call -> {
                if (call.header().getRequest().getUrlPath().equals("/endless")) {
                    call.head(200);
                } else {
                    call.answer(200, "served");
                }
            });
            List<RawPeer> peers = new ArrayList<>();
            List<KubernetesAgent.Call> calls = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                RawPeer peer = RawPeer.slow(proxy.port(), false);
                peers.add(peer);
                peer.send("GET /endless HTTP/1.1\r\n" + TOKEN + "\r\n");
                calls.add(proxy.agent.next());
            }
            int[] sent = new int[calls.size()];
            long quietSince = System.nanoTime();
            while (System.nanoTime() - quietSince < TimeUnit.SECONDS.toNanos(1)) {
                for (int i = 0; i < sent.length; i++) {
                    if (calls.get(i).ready() && sent[i] * PART <= MOST_BYTES) {
                        calls.get(i).send(DATA);
                        sent[i]++;
                        quietSince = System.nanoTime();
                    }
                }
            }
            assertThat(java.util.Arrays.stream(sent)).allSatisfy(count -> assertThat(count * PART).isBetween(PART, MOST_BYTES));
            assertThat(proxy.waitingBytes()).as("bytes in the server, per connection").allSatisfy(
                    bytes -> assertThat(bytes).isLessThan(1L << 20));
            assertThat(proxy.get("/other").body()).isEqualTo("served");
            for (RawPeer peer : peers) {
                peer.close();
            }
            await().atMost(Duration.ofSeconds(10)).until(() -> calls.stream().allMatch(call -> call.cancelled.get() == 1));
            await().until(() -> proxy.waitingBytes().isEmpty());
            assertThat(proxy.timers.pending()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"keep-alive", "close"})
    @DisplayName("KP-49: a client that pauses for minutes gets all of an answer, also what the agent finished long ago")
    void slowEnd(String connection) throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = RawPeer.slow(proxy.port(), false)) {
            peer.send("GET /big HTTP/1.1\r\n" + TOKEN + "Connection: " + connection + "\r\n\r\n");
            KubernetesAgent.Call call = proxy.agent.next();
            call.head(200);
            int sent = call.flood(DATA, 1000);
            assertThat(sent).isLessThan(1000);
            call.trailer().complete();
            peer.readHead();
            int read = 0;
            for (; read < sent - 1; read++) {
                assertThat(RunningProxy.chunk(peer)).hasSize(PART);
                if (read % 8 == 0) {
                    proxy.timers.advance(Duration.ofMinutes(2));
                }
            }
            proxy.timers.advance(Duration.ofSeconds(30));
            assertThat(RunningProxy.chunk(peer)).hasSize(PART);
            assertThat(RunningProxy.chunk(peer)).isEmpty();
            if (connection.equals("close")) {
                assertThat(peer.readText(1)).isEmpty();
            }
        }
    }

    @Test
    @DisplayName("Fewer bytes than announced: the client gets all of them however slowly it reads, then the end")
    void slowShortAnswer() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = RawPeer.slow(proxy.port(), false)) {
            peer.send("GET /big HTTP/1.1\r\n" + TOKEN + "\r\n");
            KubernetesAgent.Call call = proxy.agent.next();
            call.head(200, "Content-Length", "1000000000");
            int sent = call.flood(DATA, 1000);
            call.trailer().complete();
            peer.readHead();
            for (int read = 0; read < sent; read++) {
                proxy.timers.advance(Duration.ofMinutes(1));
                assertThat(peer.readText(PART)).hasSize(PART);
            }
            assertThat(peer.readText(1)).isEmpty();
        }
    }

    @Test
    @DisplayName("An agent that does not read bounds what is taken from a client; nobody else waits")
    void deafAgent() throws Exception {
        DeafAgent deaf = new DeafAgent();
        try (RunningProxy proxy = setup().agents(id -> deaf).start(); RawPeer peer = proxy.peer()) {
            AtomicInteger sent = new AtomicInteger();
            peer.send("POST / HTTP/1.1\r\n" + TOKEN + "Content-Length: 1000000000\r\n\r\n");
            Thread sender = Thread.ofVirtual().start(() -> {
                try {
                    while (true) {
                        peer.send(new byte[PART]);
                        sent.addAndGet(PART);
                    }
                } catch (IOException e) {
                    // the test is over
                }
            });
            int before;
            do {
                before = sent.get();
                sender.join(Duration.ofMillis(500));
            } while (sent.get() > before);
            assertThat(sent.get()).as("taken, most of it by the kernel").isLessThan(64 << 20);
            assertThat(deaf.bodyBytes).as("given to a call that was not ready").hasValue(0);
            proxy.timers.advance(Duration.ofHours(1));
            assertThat(proxy.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n").status()).isEqualTo(401);
            peer.reset();
            await().until(() -> deaf.cancelled.get() == 1);
        }
    }

    /** Takes calls and is never ready for a body. */
    private static final class DeafAgent extends io.grpc.Channel {
        private final AtomicInteger bodyBytes = new AtomicInteger();
        private final AtomicInteger cancelled = new AtomicInteger();

        @Override
        public <Q, R> io.grpc.ClientCall<Q, R> newCall(io.grpc.MethodDescriptor<Q, R> method, io.grpc.CallOptions options) {
            return new io.grpc.ClientCall<>() {
                @Override
                public void start(Listener<R> listener, io.grpc.Metadata headers) {
                    // says nothing
                }

                @Override
                public void request(int count) {
                    // says nothing
                }

                @Override
                public void cancel(String message, Throwable cause) {
                    cancelled.incrementAndGet();
                }

                @Override
                public void halfClose() {
                    // does not care
                }

                @Override
                public void sendMessage(Q message) {
                    if (message instanceof org.openkas.proto.grpctool.HttpRequest request && request.hasData()) {
                        bodyBytes.addAndGet(request.getData().getData().size());
                    }
                }

                @Override
                public boolean isReady() {
                    return false;
                }
            };
        }

        @Override
        public String authority() {
            return "deaf";
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 10_000_000})
    @DisplayName("chapter 03 §2.2: an early answer, and a body that is dropped as far as it is small")
    void earlyAnswer(int length) throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            proxy.agent.atHeader(call -> call.answer(413, "too much", "Content-Length", "8"));
            peer.send("POST / HTTP/1.1\r\n" + TOKEN + "Content-Length: " + length + "\r\n\r\nabc");
            Answer answer = RunningProxy.answer(peer, false);
            assertThat(answer.status()).isEqualTo(413);
            assertThat(answer.body()).isEqualTo("too much");
            if (length == 1000) {
                proxy.agent.atHeader(call -> call.answer(200, "next"));
                peer.send("x".repeat(997) + "GET / HTTP/1.1\r\n" + TOKEN + "\r\n");
                assertThat(RunningProxy.answer(peer, false).body()).isEqualTo("next");
            } else {
                byte[] body = new byte[300 << 10];
                peer.send(body);
                await().until(() -> {
                    proxy.timers.advance(Duration.ofMillis(500));
                    return proxy.waitingBytes().isEmpty();
                });
            }
        }
    }

    @Test
    @DisplayName("chapter 03 §14.2: an agent lost at any moment is told, and the connection goes on where it can")
    void agentLost() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            proxy.agent.atHeader(call -> call.fail(Status.CANCELLED.withDescription("context canceled")));
            for (String rest : List.of("\r\n", "Content-Length: 3\r\n\r\nabc")) {
                peer.send("POST / HTTP/1.1\r\n" + TOKEN + rest);
                Answer answer = RunningProxy.answer(peer, false);
                assertThat(answer.status()).isEqualTo(502);
                assertThat(answer.body()).contains("rpc error: code = Canceled desc = context canceled");
            }
        }
    }
}
