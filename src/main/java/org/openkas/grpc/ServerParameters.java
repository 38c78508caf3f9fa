package org.openkas.grpc;

import io.grpc.Codec;
import io.grpc.DecompressorRegistry;
import io.grpc.ServerStreamTracer;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * The parameters of every gRPC server of ours, however its connections come in (chapter 01 §3, chapter 05 §8.2).
 *
 * @param policy limits of each connection
 * @param maxConnectionAge the configured age
 * @param ages ends calls when their connection is old
 * @param methods what is served
 * @param executor runs calls whose handlers may block
 * @param traces sees every call, if calls are traced
 */
record ServerParameters(ConnectionPolicy policy, Duration maxConnectionAge, CallAges ages, CallMethods methods, Executor executor,
        Optional<ServerStreamTracer.Factory> traces) {
    private static final double GOAWAY_SHARE = 0.20;
    private static final double HARD_CLOSE_SHARE = 0.65;
    private static final int RESETS_SECONDS = 10;
    private static final int READ_BYTES = 64 << 10;
    private static final int READS = 2;

    /** Sets them; address, channels and event loops are the caller's. */
    void applyTo(NettyServerBuilder builder) {
        UndeliveredCalls undelivered = new UndeliveredCalls();
        traces.ifPresent(builder::addStreamTracerFactory);
        builder.executor(executor).callExecutor(methods.executors()).fallbackHandlerRegistry(methods).intercept(new SharedCalls()).intercept(ages).addTransportFilter(ages).intercept(undelivered).addTransportFilter(undelivered)
                .intercept(new UnansweredCalls(methods))
                .withChildOption(ChannelOption.ALLOCATOR, LoopBuffers.SHARED)
                .withChildOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(32 << 10, 64 << 10))
                .maxInboundMessageSize(policy.readableMessageBytes())
                // not advertised, so that answers carry no header that those of the reference do not have
                .decompressorRegistry(DecompressorRegistry.emptyInstance().with(Codec.Identity.NONE, false)
                        .with(new BoundedGzip(policy.maxMessageBytes()), false))
                // little is read from one peer before others are looked at, and before PacedReading looks at the peer
                .withChildOption(ChannelOption.RECVBUF_ALLOCATOR,
                        new AdaptiveRecvByteBufAllocator(64, 2048, READ_BYTES).maxMessagesPerRead(READS))
                // StreamWindows lets them grow
                .flowControlWindow(StreamWindows.FIRST)
                .maxInboundMetadataSize(policy.maxMetadataBytes())
                .maxConcurrentCallsPerConnection(policy.maxCalls())
                // streams that the server resets count, too; FrameBudget is stricter with the peer's own
                .maxRstFramesPerWindow(2 * policy.maxResets(), RESETS_SECONDS)
                .keepAliveTime(policy.keepAliveTime().toNanos(), TimeUnit.NANOSECONDS)
                .keepAliveTimeout(policy.keepAliveTimeout().toNanos(), TimeUnit.NANOSECONDS)
                // PINGs are judged by PingPolicy, which counts as agents are used to
                .permitKeepAliveTime(0, TimeUnit.NANOSECONDS).permitKeepAliveWithoutCalls(true)
                .maxConnectionAge(share(GOAWAY_SHARE), TimeUnit.NANOSECONDS)
                .maxConnectionAgeGrace(share(HARD_CLOSE_SHARE), TimeUnit.NANOSECONDS)
                // ConnectionStart is stricter
                .handshakeTimeout(2 * policy.handshake().toMillis(), TimeUnit.MILLISECONDS);
    }

    private long share(double share) {
        return (long) (share * (double) maxConnectionAge.toNanos());
    }
}
