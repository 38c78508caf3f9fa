package org.openkas.agentapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.internal.PlatformDependent;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openkas.common.SystemTimers;
import org.openkas.grpc.ConnectionPolicy;
import org.openkas.grpc.GrpcServerMetrics;
import org.openkas.grpc.ListenerRuntime;
import org.openkas.grpc.ListenerSettings;
import org.openkas.grpc.Opening;
import org.openkas.net.EventLoops;
import org.openkas.net.ListenAddress;
import org.openkas.net.Network;
import org.openkas.net.Security;
import org.openkas.testkit.AgentChannels;
import org.openkas.testkit.AgentServices;
import org.openkas.testkit.Http2Frame;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.RecordedLog;
import org.openkas.testkit.WebSocketMessage;

/** Peers that do not read, do not finish, or vanish cost little and only for a while. */
class HostilePeersTest {
    private static final int PEERS = 40;
    private static final long MIB = 1 << 20;

    private final EventLoops loops = new EventLoops(2);
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final SystemTimers timers = new SystemTimers(executor);
    private final AgentServices services = new AgentServices();
    private final List<RawPeer> peers = new ArrayList<>();
    private AgentServer server;

    @BeforeEach
    void start() throws Exception {
        RecordedLog log = new RecordedLog();
        PrometheusRegistry registry = new PrometheusRegistry();
        AgentGate gate = new AgentGate(new GrpcServerMetrics(registry), message -> Optional.empty(),
                token -> CompletableFuture.completedFuture(true),
                new RateExceeded(registry), Map.of(),
                log.log());
        server = new AgentServer(
                new ListenerSettings(new ListenAddress(Network.TCP, "127.0.0.1:0"), new Security.Plain(),
                        new Opening.Http2OrWebSocket("gitlab-kas/v1/c"),
                        Duration.ofHours(2), Duration.ZERO,
                        ConnectionPolicy.STANDARD.withHandshake(Duration.ofSeconds(25), Duration.ofMillis(200))),
                new ListenerRuntime(loops, executor, timers, RandomGenerator.getDefault()), services.all(), gate, log.log());
        server.start();
    }

    @AfterEach
    void stop() throws Exception {
        for (RawPeer peer : peers) {
            peer.close();
        }
        server.close();
        loops.close();
        timers.close();
        executor.close();
    }

    @ParameterizedTest
    @CsvSource({"true,echo", "false,echo", "true,refused", "true,download", "false,download", "true,pings"})
    @DisplayName("40 peers that never read cost less than 1 MiB each")
    void unreadAnswers(boolean websocket, String attack) throws Exception {
        othersAreServed(); // loads classes
        long before = memory();
        AtomicLong written = new AtomicLong();
        for (int i = 0; i < PEERS; i++) {
            RawPeer peer = RawPeer.slow(server.bound().port(), websocket);
            peers.add(peer);
            peer.sendHttp2(Http2Frame.opening(4, 0x7fffffff), Http2Frame.windowUpdate(0, 0x7fff0000 - 65535).bytes());
            Thread.ofPlatform().daemon().start(() -> flood(peer, attack, written)); // not to keep the server from its virtual threads
        }
        // until the peers cannot write any more
        AtomicLong last = new AtomicLong(-1);
        await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(700))
                .until(() -> written.get() == last.getAndSet(written.get()) || written.get() > 60 * MIB);
        assertThat(memory() - before).as("bytes for all peers").isLessThan(PEERS * MIB);
        othersAreServed();
    }

    private void othersAreServed() {
        ManagedChannel other = AgentChannels.ws(server.bound().port());
        try {
            AgentTransportContract.register(other);
        } finally {
            other.shutdownNow();
        }
    }

    private static void flood(RawPeer peer, String attack, AtomicLong written) {
        byte[] kilobyte = new byte[1027];
        kilobyte[0] = 10;
        kilobyte[1] = (byte) 0x80;
        kilobyte[2] = 8;
        try {
            for (int stream = 1; stream < 2_000_000; stream += 2) {
                byte[] bytes = switch (attack) {
                    case "echo" -> Http2Frame.join(Http2Frame.call(stream, "/test.Bulk/Echo", "x", "authorization", "Bearer t").bytes(),
                            Http2Frame.message(stream, kilobyte, true).bytes());
                    case "refused" ->
                        Http2Frame.join(Http2Frame.call(stream, "/test.Bulk/Echo", "x").bytes(), Http2Frame.reset(stream).bytes());
                    case "download" ->
                        Http2Frame.join(Http2Frame.call(stream, "/test.Bulk/Download", "x", "authorization", "Bearer t").bytes(),
                                Http2Frame.message(stream, new byte[0], true).bytes());
                    default -> new WebSocketMessage(WebSocketMessage.PING, new byte[100]).masked();
                };
                if (attack.equals("pings")) {
                    peer.send(bytes);
                } else {
                    peer.sendHttp2(bytes);
                }
                written.addAndGet(bytes.length);
                if (attack.equals("download") && stream > 20) {
                    return;
                }
            }
        } catch (IOException e) {
            // hung up on
        }
    }

    /** Heap that is in use plus direct memory. */
    private static long memory() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        long direct = Math.max(PlatformDependent.usedDirectMemory(), PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory());
        long heap = runtime.totalMemory() - runtime.freeMemory();
        return direct + heap;
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    @DisplayName("connections that are reset free their descriptors at once, in every state")
    void resets() throws Exception {
        RawPeer settled = RawPeer.websocket(server.bound().port());
        peers.add(settled);
        long before = sockets();
        List<RawPeer> doomed = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            doomed.add(RawPeer.plain(server.bound().port()));
            RawPeer half = RawPeer.plain(server.bound().port());
            half.send("GET / HTTP/1.1\r\n");
            doomed.add(half);
            doomed.add(RawPeer.websocket(server.bound().port()));
            for (boolean websocket : new boolean[]{true, false}) {
                RawPeer busy = RawPeer.slow(server.bound().port(), websocket);
                busy.sendHttp2(Http2Frame.opening(4, 0x7fffffff), Http2Frame.windowUpdate(0, 0x7fff0000 - 65535).bytes());
                busy.send(Http2Frame.call(1, "/test.Bulk/Download", "x", "authorization", "Bearer t"),
                        Http2Frame.message(1, new byte[0], true),
                        Http2Frame.call(3, "/gitlab.agent.agent_configuration.rpc.AgentConfiguration/GetConfiguration", "x",
                                "authorization", "Bearer t"),
                        Http2Frame.message(3, new byte[0], true));
                doomed.add(busy);
            }
        }
        await().until(() -> services.waiting() == 20);
        assertThat(sockets()).isGreaterThanOrEqualTo(before + 100);
        for (RawPeer peer : doomed) {
            peer.reset();
        }
        await().atMost(Duration.ofSeconds(3)).untilAsserted(() -> assertThat(sockets()).isEqualTo(before));
        await().until(() -> services.waiting() == 0);
    }

    private static long sockets() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
            return files.filter(file -> {
                try {
                    return Files.readSymbolicLink(file).toString().startsWith("socket:");
                } catch (IOException e) {
                    return false; // closed meanwhile
                }
            }).count();
        }
    }
}
