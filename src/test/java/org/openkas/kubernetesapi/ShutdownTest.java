package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.openkas.kubernetesapi.RunningProxy.TOKEN;
import static org.openkas.kubernetesapi.RunningProxy.setup;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.openkas.kubernetesapi.RunningProxy.Answer;
import org.openkas.proto.grpctool.HttpResponse;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.NoLeaks;
import org.openkas.testkit.RawPeer;

/** Chapter 03 §2.4. */
@ExtendWith(NoLeaks.class)
class ShutdownTest {
    private static final Duration LISTEN_GRACE = Duration.ofSeconds(5);

    /** Begins to stop, up to the point where nobody is accepted any more. */
    private static Thread stopListening(RunningProxy proxy) {
        int before = proxy.timers.pending();
        Thread drain = Thread.ofVirtual().start(() -> {
            try {
                proxy.server.drain();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        await().until(() -> proxy.timers.pending() > before);
        return drain;
    }

    private static void awaitRefusal(RunningProxy proxy) {
        int port = proxy.port();
        await().until(() -> {
            try (RawPeer peer = RawPeer.plain(port)) {
                return peer.awaitClose(10);
            } catch (IOException e) {
                return true;
            }
        });
    }

    @Test
    @DisplayName("KP-59: new requests for the grace period; then the port refuses, idle connections end, a watch goes on to its end")
    void watchEnds() throws Exception {
        try (RunningProxy proxy = setup().listenGrace(LISTEN_GRACE).start(); RawPeer watch = proxy.peer(); RawPeer idle = proxy.peer()) {
            watch.send("GET /watch HTTP/1.1\r\n" + TOKEN + "\r\n");
            KubernetesAgent.Call call = proxy.agent.next();
            call.head(200);
            watch.readHead();
            proxy.agent.atEnd(other -> other.answer(200, "served"));
            idle.send("GET / HTTP/1.1\r\n" + TOKEN + "\r\n");
            assertThat(RunningProxy.answer(idle, false).body()).isEqualTo("served");
            Thread drain = stopListening(proxy);
            assertThat(proxy.get("/").body()).isEqualTo("served");
            proxy.timers.advance(LISTEN_GRACE);
            awaitRefusal(proxy);
            assertThat(idle.readText(1)).isEmpty();
            proxy.timers.advance(Duration.ofMinutes(59));
            call.data("event");
            assertThat(RunningProxy.chunk(watch)).isEqualTo("event");
            assertThat(drain.isAlive()).isTrue();
            call.trailer().complete();
            assertThat(RunningProxy.chunk(watch)).isEmpty();
            assertThat(watch.readText(1)).isEmpty();
            assertThat(drain.join(Duration.ofSeconds(5))).isTrue();
        }
    }

    @Test
    @DisplayName("KP-59, §13.4 row 7: when the shutdown grace period is over, what still runs is cut, upgrades too")
    void graceIsOver() throws Exception {
        try (RunningProxy proxy = setup().listenGrace(LISTEN_GRACE).start(); RawPeer watch = proxy.peer(); RawPeer exec = proxy.peer()) {
            watch.send("GET /watch HTTP/1.1\r\n" + TOKEN + "\r\n");
            KubernetesAgent.Call watching = proxy.agent.next();
            watching.head(200);
            watch.readHead();
            exec.send("GET /exec HTTP/1.1\r\n" + TOKEN + "Upgrade: SPDY/3.1\r\n\r\n");
            KubernetesAgent.Call executing = proxy.agent.next();
            executing.head(101, "Upgrade", "SPDY/3.1").trailer();
            exec.readHead();
            Thread drain = stopListening(proxy);
            proxy.timers.advance(LISTEN_GRACE);
            awaitRefusal(proxy);
            await().until(() -> proxy.timers.pending() == 1);
            proxy.timers.advance(Duration.ofMinutes(59));
            assertThat(watching.cancelled).hasValue(0);
            assertThat(executing.cancelled).hasValue(0);
            proxy.timers.advance(Duration.ofMinutes(1));
            await().until(() -> watching.cancelled.get() == 1 && executing.cancelled.get() == 1);
            assertThat(watch.readText(1)).isEmpty();
            assertThat(exec.readText(1)).isEmpty();
            assertThat(drain.join(Duration.ofSeconds(5))).isTrue();
        }
    }

    @Test
    @DisplayName("CO-40 part: a download to a slow client completes during the stop, and answers begun then say close")
    void slowDownload() throws Exception {
        try (RunningProxy proxy = setup().listenGrace(LISTEN_GRACE).start();
                RawPeer slow = RawPeer.slow(proxy.port(), false);
                RawPeer late = proxy.peer()) {
            HttpResponse part = HttpResponse.newBuilder()
                    .setData(HttpResponse.Data.newBuilder().setData(ByteString.copyFrom(new byte[32768]))).build();
            slow.send("GET /big HTTP/1.1\r\n" + TOKEN + "\r\n");
            KubernetesAgent.Call call = proxy.agent.next();
            call.head(200);
            late.send("GET /late HTTP/1.1\r\n" + TOKEN + "\r\n");
            KubernetesAgent.Call lateCall = proxy.agent.next();
            int sent = call.flood(part, 1000);
            Thread drain = stopListening(proxy);
            proxy.timers.advance(LISTEN_GRACE);
            awaitRefusal(proxy);
            lateCall.answer(200, "late", "Content-Length", "4");
            Answer answer = RunningProxy.answer(late, false);
            assertThat(answer.header("Connection")).isEqualTo("close");
            assertThat(answer.body()).isEqualTo("late");
            assertThat(late.readText(1)).isEmpty();
            call.trailer().complete();
            proxy.timers.advance(Duration.ofMinutes(30));
            slow.readHead();
            for (int read = 0; read < sent; read++) {
                assertThat(RunningProxy.chunk(slow)).hasSize(32768);
            }
            assertThat(RunningProxy.chunk(slow)).isEmpty();
            assertThat(slow.readText(1)).isEmpty();
            assertThat(drain.join(Duration.ofSeconds(5))).isTrue();
        }
    }
}
