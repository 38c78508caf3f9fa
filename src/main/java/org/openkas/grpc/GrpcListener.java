package org.openkas.grpc;

import io.grpc.Codec;
import io.grpc.DecompressorRegistry;
import io.grpc.HandlerRegistry;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelOption;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.openkas.net.BindFailure;
import org.openkas.net.BoundAddress;
import org.openkas.net.ListenException;

/**
 * A gRPC server on one address with the parameters of chapter 01 §3 and chapter 05 §8.2. Calls run on the runtime's
 * executor. Life: {@link #start}, {@link #drain} or {@link #close}; each from one thread.
 */
public final class GrpcListener implements AutoCloseable {
    private static final double GOAWAY_SHARE = 0.20;
    private static final double HARD_CLOSE_SHARE = 0.65;
    // streams that the server resets count, too; FrameBudget is stricter with the peer's own
    private static final int MAX_RESETS = 4_000;
    private static final int RESETS_SECONDS = 10;
    private static final int UNSENT_LOW = 32 << 10;
    private static final int UNSENT_HIGH = 64 << 10;
    private static final int READ_BYTES = 64 << 10;
    private static final int READS = 2;
    private static final int MESSAGE_SLACK = 1 << 20;
    private static final Duration AGES_LIMIT = Duration.ofSeconds(1);
    private static final Duration CUT_OFF = Duration.ofSeconds(10);

    private final ListenerSettings settings;
    private final ListenerRuntime runtime;
    private final CallAges ages;
    private final Server server;
    private Optional<BoundAddress> bound = Optional.empty();

    /**
     * Prepares a listener on the configured address.
     *
     * @param methods what it serves, interceptors included: see {@link MethodTable}
     * @throws ListenException if the address text cannot be resolved
     */
    public GrpcListener(ListenerSettings settings, ListenerRuntime runtime, HandlerRegistry methods) throws ListenException {
        this(settings, runtime, methods, Acceptor.socket(settings.address(), runtime.loops()));
    }

    /** As the other, but the connections come from {@code acceptor}, and the address is only what errors and logs call it. */
    public GrpcListener(ListenerSettings settings, ListenerRuntime runtime, HandlerRegistry methods, Acceptor acceptor) {
        this.settings = settings;
        this.runtime = runtime;
        ages = new CallAges(runtime.timers(), runtime.random(), settings.maxConnectionAge());
        server = builder(methods, acceptor).build();
    }

    /**
     * Binds and begins to accept connections.
     *
     * @throws ListenException with a text like {@code listen tcp 127.0.0.1:8150: bind: address already in use}
     */
    public void start() throws ListenException {
        settings.address().refuseTaken();
        try {
            server.start();
            bound = Optional.of(BoundAddress.of(server.getListenSockets().getFirst()));
        } catch (IOException e) {
            server.shutdownNow();
            throw BindFailure.of(settings.address(), e);
        }
    }

    /** Where it listens, with the port that was chosen if port 0 was configured. Only after {@link #start}. */
    public BoundAddress bound() {
        return bound.orElseThrow();
    }

    /**
     * Ends in good order (chapter 01 §3.4): goes on accepting for the listen grace period, then ends all call ages, stops
     * listening, sends GOAWAY {@code graceful_stop} and waits until the last call ended, {@code limit} at most; what is left
     * is cut off. Blocks.
     *
     * @throws InterruptedException if the thread is interrupted; the listener is closed then
     */
    public void drain(Duration limit) throws InterruptedException {
        drain(limit, () -> {
        });
    }

    /** As the other; runs {@code agesEnded} when what waited was told to end, and before the listener stops listening. */
    public void drain(Duration limit, Runnable agesEnded) throws InterruptedException {
        try {
            pause(settings.listenGracePeriod());
            // most calls end within milliseconds; one whose action blocks is not waited for
            boolean _ = ages.drain().await(AGES_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
            agesEnded.run();
            server.shutdown();
            server.awaitTermination(limit.toMillis(), TimeUnit.MILLISECONDS);
        } finally {
            close();
        }
    }

    /** Stops listening and cuts off what runs. Waits a few seconds at most for the connections to be gone. */
    @Override
    public void close() {
        CountDownLatch _ = ages.drain();
        server.shutdownNow();
        try {
            server.awaitTermination(CUT_OFF.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void pause(Duration time) throws InterruptedException {
        CompletableFuture<Void> over = new CompletableFuture<>();
        runtime.timers().after(time, () -> over.complete(null));
        try {
            over.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("never completed with a failure", e);
        }
    }

    private NettyServerBuilder builder(HandlerRegistry methods, Acceptor acceptor) {
        NettyServerBuilder builder = NettyServerBuilder
                .forAddress(acceptor.address(), new Connections(settings, runtime).credentials())
                .channelFactory(acceptor.channels())
                .bossEventLoopGroup(acceptor.loops())
                .workerEventLoopGroup(acceptor.loops())
                .executor(runtime.executor())
                .fallbackHandlerRegistry(methods);
        limitCalls(builder);
        limitConnections(builder);
        if (acceptor.socketOptions()) {
            builder.withChildOption(EpollChannelOption.TCP_USER_TIMEOUT, Math.toIntExact(settings.policy().tcpUserTimeout().toMillis()));
        }
        return builder;
    }

    private void limitCalls(NettyServerBuilder builder) {
        ConnectionPolicy policy = settings.policy();
        UndeliveredCalls undelivered = new UndeliveredCalls();
        builder.intercept(new SharedCalls())
                .intercept(ages)
                .addTransportFilter(ages)
                .intercept(undelivered)
                .addTransportFilter(undelivered)
                .maxConcurrentCallsPerConnection(policy.maxCalls())
                // messages a little above the limit are refused by ReadableMessages, in the reference's words
                .maxInboundMessageSize(policy.maxMessageBytes() + MESSAGE_SLACK)
                .maxInboundMetadataSize(policy.maxMetadataBytes())
                .decompressorRegistry(DecompressorRegistry.emptyInstance()
                        .with(Codec.Identity.NONE, false)
                        .with(new BoundedGzip(policy.maxMessageBytes()), true));
    }

    private void limitConnections(NettyServerBuilder builder) {
        ConnectionPolicy policy = settings.policy();
        builder.withChildOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(UNSENT_LOW, UNSENT_HIGH))
                // little is read from one peer before others are looked at, and before PacedReading looks at the peer
                .withChildOption(ChannelOption.RECVBUF_ALLOCATOR,
                        new AdaptiveRecvByteBufAllocator(64, 2048, READ_BYTES).maxMessagesPerRead(READS))
                .maxRstFramesPerWindow(MAX_RESETS, RESETS_SECONDS)
                .keepAliveTime(policy.keepAliveTime().toNanos(), TimeUnit.NANOSECONDS)
                .keepAliveTimeout(policy.keepAliveTimeout().toNanos(), TimeUnit.NANOSECONDS)
                // PINGs are judged by PingPolicy, which counts as agents are used to
                .permitKeepAliveTime(0, TimeUnit.NANOSECONDS)
                .permitKeepAliveWithoutCalls(true)
                .maxConnectionAge(share(GOAWAY_SHARE), TimeUnit.NANOSECONDS)
                .maxConnectionAgeGrace(share(HARD_CLOSE_SHARE), TimeUnit.NANOSECONDS)
                // ConnectionStart is stricter
                .handshakeTimeout(2 * policy.handshake().toMillis(), TimeUnit.MILLISECONDS);
    }

    private long share(double share) {
        return (long) (share * (double) settings.maxConnectionAge().toNanos());
    }
}
