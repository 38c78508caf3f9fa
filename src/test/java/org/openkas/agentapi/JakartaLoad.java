package org.openkas.agentapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.internal.PlatformDependent;
import jakarta.enterprise.inject.spi.CDI;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.agentendpoint.AgentEntrance;
import org.openkas.grpc.ConnectionPolicy;
import org.openkas.testkit.AgentChannels;
import org.openkas.testkit.AgentServices;
import org.openkas.testkit.Http2Frame;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.WebSocketMessage;

/** Many connections, much data, and peers that do not play along, on Open Liberty's port. Runs inside, as {@link JakartaTransport}. */
class JakartaLoad {
    private static final long MIB = 1 << 20;

    private final AgentEntrance entrance = CDI.current().select(AgentEntrance.class).get();
    private final JakartaTransport transport = new JakartaTransport();
    private final List<AutoCloseable> opened = new ArrayList<>();

    @BeforeAll
    static void startThreads() {
        JakartaTransport.startThreads();
    }

    @AfterAll
    static void stopThreads() {
        JakartaTransport.stopThreads();
    }

    @BeforeEach
    void start() throws Exception {
        opened.add(transport.start(AgentTransportContract.standard()));
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    /** In place of the server that each test has: one that notices the silent after 10.3 s. */
    private void noticeSilence() throws Exception {
        opened.removeLast().close();
        opened.add(transport.start(AgentTransportContract.standard()
                .policy(ConnectionPolicy.STANDARD.withKeepAlive(Duration.ofSeconds(10), Duration.ofMillis(300), Duration.ZERO))));
    }

    private boolean nobodyIsIn() {
        return entrance.isEmpty();
    }

    private Channel channel() {
        ManagedChannel channel = AgentChannels.ws(JakartaTransport.port);
        opened.add(channel::shutdownNow);
        return ClientInterceptors.intercept(channel, AgentTransportContract.token());
    }

    @Test
    @DisplayName("the largest messages up and down, many in a row")
    void largeMessages() {
        Channel channel = channel();
        BytesValue large = BytesValue.of(ByteString.copyFrom(new byte[(4 << 20) - 16]));
        for (int i = 0; i < 25; i++) {
            assertThat(ClientCalls.blockingUnaryCall(channel, AgentServices.ECHO,
                    CallOptions.DEFAULT.withCompression(i % 2 == 0 ? "gzip" : "identity"),
                    large)).isEqualTo(large);
        }
    }

    @Test
    @DisplayName("half-close, cancel, deadline")
    void ends() throws Exception {
        Channel channel = channel();
        CountDownLatch completed = new CountDownLatch(1);
        StreamObserver<BytesValue> tunnel = ClientCalls.asyncBidiStreamingCall(channel.newCall(AgentServices.CONNECT, CallOptions.DEFAULT),
                completing(completed::countDown));
        tunnel.onNext(BytesValue.getDefaultInstance());
        tunnel.onCompleted();
        assertThat(completed.await(5, TimeUnit.SECONDS)).isTrue();

        StreamObserver<BytesValue> cancelled = ClientCalls.asyncBidiStreamingCall(
                channel.newCall(AgentServices.CONNECT, CallOptions.DEFAULT),
                completing(() -> {
                }));
        await().until(() -> transport.services.tunnels() == 1);
        cancelled.onError(Status.CANCELLED.asException());
        await().until(() -> transport.services.tunnels() == 0);

        var brief = CallOptions.DEFAULT.withDeadlineAfter(Duration.ofMillis(300));
        StreamObserver<BytesValue> late = ClientCalls.asyncBidiStreamingCall(channel.newCall(AgentServices.CONNECT, brief),
                completing(() -> {
                }));
        late.onNext(BytesValue.getDefaultInstance());
        await().until(() -> transport.services.tunnels() == 0);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName("a connection that ends without a close frame ends its calls and is forgotten")
    void endsWithoutCloseFrame(boolean reset) throws Exception {
        RawPeer peer = RawPeer.websocket(JakartaTransport.port);
        opened.add(peer);
        peer.sendHttp2(Http2Frame.opening());
        peer.send(Http2Frame.call(1, "/gitlab.agent.reverse_tunnel.rpc.ReverseTunnel/Connect", "x", "authorization", "Bearer t"));
        await().until(() -> transport.services.tunnels() == 1);
        if (reset) {
            peer.reset();
        } else {
            peer.close();
        }
        await().until(() -> transport.services.tunnels() == 0 && nobodyIsIn());
    }

    @Test
    @DisplayName("a half-open connection ends with the keepalive and frees its calls and buffers")
    void halfOpen() throws Exception {
        noticeSilence();
        RawPeer peer = RawPeer.websocket(JakartaTransport.port);
        opened.add(peer);
        peer.sendHttp2(Http2Frame.opening());
        peer.send(Http2Frame.call(1, "/gitlab.agent.reverse_tunnel.rpc.ReverseTunnel/Connect", "x", "authorization", "Bearer t"));
        await().until(() -> transport.services.tunnels() == 1);
        await().atMost(Duration.ofSeconds(14)).until(() -> transport.services.tunnels() == 0);
        await().atMost(Duration.ofSeconds(45)).until(this::nobodyIsIn);
    }

    @Test
    @DisplayName("a peer that stops in the middle of a message, reading and writing, ends with the keepalive and frees everything")
    void stopsInTheMiddle() throws Exception {
        noticeSilence();
        long before = memory();
        List<RawPeer> peers = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            RawPeer peer = RawPeer.slow(JakartaTransport.port, true);
            peers.add(peer);
            opened.add(peer);
            peer.sendHttp2(Http2Frame.opening(4, 0x7fffffff), Http2Frame.windowUpdate(0, 0x7fff0000 - 65535).bytes());
            peer.send(Http2Frame.call(1, "/test.Bulk/Download", "x", "authorization", "Bearer t"), Http2Frame.message(1, new byte[0], true));
            peer.readFrame(Http2Frame.DATA);
            byte[] half = new WebSocketMessage(WebSocketMessage.BINARY, new byte[100_000]).masked();
            peer.send(Arrays.copyOf(half, half.length / 2));
        }
        assertThat(nobodyIsIn()).isFalse();
        await().atMost(Duration.ofSeconds(75)).until(this::nobodyIsIn);
        assertThat(memory() - before).as("bytes that stay").isLessThan(20 * MIB);
        AgentTransportContract.register(served());
    }

    private static StreamObserver<BytesValue> completing(Runnable completed) {
        return new StreamObserver<>() {
            @Override
            public void onNext(BytesValue message) {
            }

            @Override
            public void onError(Throwable failure) {
            }

            @Override
            public void onCompleted() {
                completed.run();
            }
        };
    }

    @Test
    @DisplayName("a client that reads slowly holds the server back")
    void backpressure() throws Exception {
        Iterator<BytesValue> download = ClientCalls.blockingServerStreamingCall(channel(), AgentServices.DOWNLOAD, CallOptions.DEFAULT,
                BytesValue.getDefaultInstance());
        long before = memory();
        for (int i = 0; i < 2_000; i++) {
            assertThat(download.next().getValue().size()).isEqualTo(16 << 10);
        }
        assertThat(memory() - before).isLessThan(40 * MIB);
    }

    @Test
    @DisplayName("2,000 idle sessions add no threads")
    void idle() throws Exception {
        long platform = ManagementFactory.getThreadMXBean().getThreadCount();
        for (int i = 0; i < 2_000; i++) {
            RawPeer peer = RawPeer.websocket(JakartaTransport.port);
            opened.add(peer);
            peer.sendHttp2(Http2Frame.opening());
            peer.readFrame(Http2Frame.SETTINGS);
        }
        assertThat(ManagementFactory.getThreadMXBean().getThreadCount() - platform).as("more threads").isLessThan(20);
    }

    @Test
    @DisplayName("200 clients that ask without end and do not read leave others served and memory bounded")
    void slowReaders() throws Exception {
        AgentTransportContract.register(served());
        long before = memory();
        AtomicLong written = new AtomicLong();
        for (int i = 0; i < 200; i++) {
            RawPeer peer = RawPeer.slow(JakartaTransport.port, true);
            opened.add(peer);
            peer.sendHttp2(Http2Frame.opening(4, 0x7fffffff), Http2Frame.windowUpdate(0, 0x7fff0000 - 65535).bytes());
            peer.send(Http2Frame.call(1, "/test.Bulk/Download", "x", "authorization", "Bearer t"),
                    Http2Frame.message(1, new byte[0], true));
            if (i % 2 == 0) {
                Thread.ofPlatform().daemon().start(() -> flood(peer, written));
            }
        }
        long worst = 0;
        for (int i = 0; i < 20; i++) {
            long begin = System.nanoTime();
            AgentTransportContract.register(served());
            worst = Math.max(worst, System.nanoTime() - begin);
        }
        assertThat(Duration.ofNanos(worst)).as("the slowest connection and call of another agent").isLessThan(Duration.ofSeconds(5));
        AtomicLong last = new AtomicLong(-1);
        await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(500))
                .until(() -> written.get() == last.getAndSet(written.get()));
        assertThat(memory() - before).as("bytes for all").isLessThan(200 * MIB);
        AgentTransportContract.register(served());
    }

    private ManagedChannel served() {
        ManagedChannel channel = AgentChannels.ws(JakartaTransport.port);
        opened.add(channel::shutdownNow);
        return channel;
    }

    private static void flood(RawPeer peer, AtomicLong written) {
        try {
            for (int stream = 3; stream < 2_000_000; stream += 2) {
                byte[] bytes = Http2Frame.join(Http2Frame.call(stream, "/test.Bulk/Echo", "x", "authorization", "Bearer t").bytes(),
                        Http2Frame.message(stream, new byte[1000], true).bytes());
                peer.sendHttp2(bytes);
                written.addAndGet(bytes.length);
            }
        } catch (IOException e) {
            // hung up on
        }
    }

    private static long memory() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        long direct = Math.max(PlatformDependent.usedDirectMemory(), PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory());
        return direct + runtime.totalMemory() - runtime.freeMemory();
    }
}
