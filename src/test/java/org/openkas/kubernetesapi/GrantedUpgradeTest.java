package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.openkas.kubernetesapi.RunningProxy.TOKEN;
import static org.openkas.kubernetesapi.RunningProxy.setup;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.DuplexChannel;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.NoLeaks;
import org.openkas.testkit.RawPeer;

/** Chapter 03 §13.1 rows 3 to 5: clients that have their 101, of an agent that has not said yet that the header is all. */
@ExtendWith(NoLeaks.class)
class GrantedUpgradeTest {
    private static final Duration WATCH = Duration.ofSeconds(10);

    private static KubernetesAgent.Call granted(RunningProxy proxy, RawPeer peer) throws Exception {
        peer.send("POST /exec HTTP/1.1\r\n" + TOKEN + "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nContent-Length: 0\r\n\r\n");
        KubernetesAgent.Call call = proxy.agent.next();
        call.head(101, "Upgrade", "SPDY/3.1", "Connection", "Upgrade");
        assertThat(peer.readHead()).startsWith("HTTP/1.1 101 ");
        return call;
    }

    private static void assertNoticed(RunningProxy proxy, KubernetesAgent.Call call) {
        await().until(() -> {
            proxy.timers.advance(WATCH);
            return call.cancelled.get() == 1 && proxy.server.connections().isEmpty();
        });
        assertThat(proxy.timers.pending()).isZero();
    }

    @Test
    @DisplayName("KP-60: an agent that answers an upgrade only when the request has ended is told so after a minute, and its refusal arrives")
    void agentWithoutUpgrades() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            peer.send("POST /exec HTTP/1.1\r\n" + TOKEN + "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nContent-Length: 0\r\n\r\n");
            KubernetesAgent.Call call = proxy.agent.next();
            await().until(() -> call.messages.stream().anyMatch(HttpRequest::hasTrailer));
            await().until(() -> proxy.timers.pending() == 1);
            proxy.timers.advance(Duration.ofSeconds(59));
            assertThat(call.halfClosed).hasValue(0);
            proxy.timers.advance(Duration.ofSeconds(1));
            await().until(() -> call.halfClosed.get() == 1);
            call.fail(Status.UNAVAILABLE.withDescription("unavailable"));
            assertThat(peer.readHead()).startsWith("HTTP/1.1 502 ");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 10, 100_000})
    @EnabledOnOs(OS.LINUX)
    @DisplayName("§13.4 row 3: a reset after a half-close ends the agent's call, though the agent is silent")
    void resetAfterHalfClose(int early) throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            KubernetesAgent.Call call = granted(proxy, peer);
            peer.send(new byte[early]);
            peer.halfClose();
            await().until(() -> proxy.server.connections().stream()
                    .allMatch(channel -> channel instanceof DuplexChannel duplex && duplex.isInputShutdown()));
            proxy.timers.advance(Duration.ofMinutes(10));
            assertThat(call.cancelled).hasValue(0);
            peer.reset();
            assertNoticed(proxy, call);
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    @DisplayName("§13.4 row 3: a reset ends the agent's call, though the client had run so far ahead that nothing was read from it")
    void resetOfClientFarAhead() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            KubernetesAgent.Call call = granted(proxy, peer);
            peer.send(new byte[200_000]);
            peer.reset();
            assertNoticed(proxy, call);
        }
    }

    @Test
    @DisplayName("§13.4 row 3: a reset ends the agent's call at once where the client is read from")
    void reset() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            KubernetesAgent.Call call = granted(proxy, peer);
            peer.reset();
            await().until(() -> call.cancelled.get() == 1 && proxy.server.connections().isEmpty());
            assertThat(proxy.timers.pending()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 100_000})
    @DisplayName("KP-52: a client that half-closed, near or far ahead, and is still there is not taken for one that left")
    void stillThere(int sent) throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            KubernetesAgent.Call call = granted(proxy, peer);
            peer.send(new byte[sent]);
            peer.halfClose();
            for (int i = 0; i < 60; i++) {
                proxy.timers.advance(WATCH);
            }
            call.trailer();
            int got = 0;
            while (got < sent) {
                ByteString bytes = call.upgraded.poll(10, TimeUnit.SECONDS);
                assertThat(bytes).isNotNull();
                got += bytes.size();
            }
            await().until(() -> call.halfClosed.get() == 1);
            proxy.timers.advance(Duration.ofMinutes(10));
            call.upgradeData(ByteString.copyFromUtf8("hello")).complete();
            assertThat(peer.readText(100)).isEqualTo("hello");
            assertThat(call.cancelled).hasValue(0);
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    @DisplayName("§13.4 row 3: clients are probed every 15 s, for one that closed both ways is reset by a probe but looks half-closed until then")
    void probed() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            granted(proxy, peer);
            assertThat(proxy.server.connections()).singleElement().isInstanceOfSatisfying(EpollSocketChannel.class, channel -> {
                assertThat(channel.config().isKeepAlive()).isTrue();
                assertThat(channel.config().getTcpKeepIdle()).isEqualTo(15);
                assertThat(channel.config().getTcpKeepIntvl()).isEqualTo(15);
            });
        }
    }
}
