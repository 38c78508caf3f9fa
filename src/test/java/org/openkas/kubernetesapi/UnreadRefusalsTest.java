package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.openkas.kubernetesapi.RunningProxy.TOKEN;
import static org.openkas.kubernetesapi.RunningProxy.setup;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.openkas.proto.grpctool.HttpResponse;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.NoLeaks;
import org.openkas.testkit.RawPeer;

/** A client without a credential costs a connection for a while only, whether it reads or writes too little or too much. */
@ExtendWith(NoLeaks.class)
@Timeout(60)
class UnreadRefusalsTest {
    private static final String REFUSED = "GET / HTTP/1.1\r\nHost: kas.test\r\n\r\n";

    @Test
    @DisplayName("A client that asks and asks and never reads its refusals has a minute, then it is hung up on")
    void deaf() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = RawPeer.slow(proxy.port(), false)) {
            Thread asking = asking(peer);
            AtomicLong before = new AtomicLong();
            // until nothing moves any more
            await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(500)).until(() -> {
                long waiting = proxy.waitingBytes().getFirst();
                return waiting > 32 << 10 && waiting == before.getAndSet(waiting);
            });
            proxy.timers.advance(Duration.ofMillis(59_999));
            assertThat(proxy.server.connections()).hasSize(1);
            proxy.timers.advance(Duration.ofMillis(1));
            await().until(() -> proxy.server.connections().isEmpty() && proxy.timers.pending() == 0);
            asking.join();
        }
    }

    private static Thread asking(RawPeer peer) {
        return Thread.ofPlatform().daemon().start(() -> {
            try {
                while (true) {
                    peer.send(REFUSED.repeat(100));
                }
            } catch (IOException e) {
                // hung up on
            }
        });
    }

    @Test
    @DisplayName("KP-49: the minute of a refusal begins only when the agent's answer before it is out")
    void behindAnAgentsAnswer() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = RawPeer.slow(proxy.port(), false)) {
            peer.send("GET /big HTTP/1.1\r\n" + TOKEN + "\r\n" + REFUSED);
            KubernetesAgent.Call call = proxy.agent.next();
            call.head(200);
            HttpResponse part = HttpResponse.newBuilder()
                    .setData(HttpResponse.Data.newBuilder().setData(ByteString.copyFrom(new byte[1024]))).build();
            // so little room is left that the system does not take all of it
            int sent = call.flood(part, 100_000);
            call.trailer().complete();
            await().until(() -> !proxy.waitingBytes().contains(0L));
            for (int minute = 0; minute < 10; minute++) {
                proxy.timers.advance(Duration.ofMinutes(1));
            }
            peer.readHead();
            for (int i = 0; i < sent; i++) {
                assertThat(RunningProxy.chunk(peer)).hasSize(1024);
            }
            assertThat(RunningProxy.chunk(peer)).isEmpty();
            assertThat(RunningProxy.answer(peer, false).status()).isEqualTo(401);
        }
    }

    @Test
    @DisplayName("What follows a header that is too long is read up to a bound, then no more")
    void endlessHeader() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = RawPeer.slow(proxy.port(), false)) {
            AtomicLong written = new AtomicLong();
            AtomicBoolean cut = new AtomicBoolean();
            Thread sender = Thread.ofPlatform().daemon().start(() -> {
                byte[] piece = new byte[64 << 10];
                java.util.Arrays.fill(piece, (byte) 'a');
                try {
                    peer.send("GET / HTTP/1.1\r\nX: ");
                    while (written.get() < 256 << 20) {
                        peer.send(piece);
                        written.addAndGet(piece.length);
                    }
                } catch (IOException e) {
                    cut.set(true);
                }
            });
            assertThat(peer.readHead()).startsWith("HTTP/1.1 431 ");
            await().atMost(Duration.ofSeconds(20)).until(() -> {
                long before = written.get();
                sender.join(Duration.ofMillis(300));
                return written.get() == before;
            });
            assertThat(written.get()).as("taken, most of it by the system").isLessThan(32 << 20);
            proxy.timers.advance(Duration.ofMillis(500));
            await().until(() -> proxy.server.connections().isEmpty());
            sender.join();
            assertThat(cut).isTrue();
        } catch (SocketTimeoutException e) {
            throw new AssertionError("no answer", e);
        }
    }
}
