package org.openkas.agentapi;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.openkas.grpc.WebSocketChannels;
import org.openkas.testkit.AgentServices;

/**
 * Processor time of a byte through Open Liberty's port. Runs inside, as {@link JakartaTransport}: the client has one thread,
 * whose time is taken off the process's.
 */
class JakartaFigures {
    private static final String CLIENT = "figures-client";
    private static final long GIB = 1L << 30;

    private final JakartaTransport transport = new JakartaTransport();
    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();

    @BeforeAll
    static void startThreads() {
        JakartaTransport.startThreads();
    }

    @AfterAll
    static void stopThreads() {
        JakartaTransport.stopThreads();
    }

    @Test
    void down(TestReporter reporter) throws Exception {
        measure(reporter, "down", AgentServices.DOWNLOAD);
    }

    @Test
    void up(TestReporter reporter) throws Exception {
        measure(reporter, "up", AgentServices.UPLOAD);
    }

    private void measure(TestReporter reporter, String name, MethodDescriptor<BytesValue, BytesValue> method) throws Exception {
        EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory(CLIENT, true), NioIoHandler.newFactory());
        try (var running = transport.start(AgentTransportContract.standard())) {
            ManagedChannel channel = channel(loop, running.port());
            AtomicLong bytes = new AtomicLong();
            Traffic.begin(channel.newCall(method, CallOptions.DEFAULT), bytes, method.equals(AgentServices.UPLOAD));
            TimeUnit.SECONDS.sleep(8);
            long before = bytes.get();
            long cpu = serverNanos();
            long begin = System.nanoTime();
            TimeUnit.SECONDS.sleep(10);
            double gib = (double) (bytes.get() - before) / GIB;
            double seconds = (double) (serverNanos() - cpu) / 1e9;
            double wall = (double) (System.nanoTime() - begin) / 1e9;
            reporter.publishEntry("figure", String.format("%s: %.2f CPU-seconds per GiB, %.0f MiB/s", name, seconds / gib, 1024 * gib / wall));
            channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        } finally {
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).await();
        }
    }

    private static ManagedChannel channel(EventLoopGroup loop, int port) {
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer t");
        NettyChannelBuilder builder = new WebSocketChannels("/", Optional.empty(), Map.of(), RandomGenerator.getDefault()).to("127.0.0.1", port);
        return builder.eventLoopGroup(loop).channelType(NioSocketChannel.class).directExecutor().overrideAuthority("x")
                .intercept(MetadataUtils.newAttachHeadersInterceptor(headers)).build();
    }

    private long serverNanos() {
        long client = Arrays.stream(threads.getAllThreadIds()).filter(id -> {
            var info = threads.getThreadInfo(id);
            return info != null && info.getThreadName().startsWith(CLIENT);
        }).map(threads::getThreadCpuTime).sum();
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime() - client;
    }

    /** One call that sends or takes as much as it can. */
    private static final class Traffic extends io.grpc.ClientCall.Listener<BytesValue> {
        private static final BytesValue CHUNK = BytesValue.of(ByteString.copyFrom(new byte[16 << 10]));
        private final io.grpc.ClientCall<BytesValue, BytesValue> call;
        private final AtomicLong bytes;
        private final boolean up;

        private Traffic(io.grpc.ClientCall<BytesValue, BytesValue> call, AtomicLong bytes, boolean up) {
            this.call = call;
            this.bytes = bytes;
            this.up = up;
        }

        static void begin(io.grpc.ClientCall<BytesValue, BytesValue> call, AtomicLong bytes, boolean up) {
            Traffic traffic = new Traffic(call, bytes, up);
            call.start(traffic, new Metadata());
            call.request(64);
            if (!up) {
                call.sendMessage(BytesValue.getDefaultInstance());
                call.halfClose();
            }
        }

        @Override
        public void onReady() {
            while (up && call.isReady()) {
                call.sendMessage(CHUNK);
                bytes.addAndGet(CHUNK.getValue().size());
            }
        }

        @Override
        public void onMessage(BytesValue message) {
            bytes.addAndGet(message.getValue().size());
            call.request(1);
        }
    }
}
