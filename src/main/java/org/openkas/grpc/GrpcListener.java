package org.openkas.grpc;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.epoll.EpollChannelOption;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.openkas.net.BindFailure;
import org.openkas.net.BoundAddress;
import org.openkas.net.ListenException;

/**
 * A gRPC server on one address with the parameters of chapter 01 §3 and chapter 05 §8.2. Calls run on the runtime's
 * executor. Life: {@link #start}, {@link #drain} or {@link #close}; each from one thread.
 */
public final class GrpcListener implements Drainable {
    private final ListenerSettings settings;
    private final ListenerRuntime runtime;
    private final CallAges ages;
    private final Server server;
    private final ServerEnd end;
    private Optional<BoundAddress> bound = Optional.empty();

    /**
     * Prepares a listener on the configured address.
     *
     * @param methods what it serves, interceptors included: see {@link MethodTable}
     * @throws ListenException if the address text cannot be resolved
     */
    public GrpcListener(ListenerSettings settings, ListenerRuntime runtime, CallMethods methods) throws ListenException {
        this(settings, runtime, methods, Acceptor.socket(settings.address(), runtime.loops()));
    }

    /** As the other, but the connections come from {@code acceptor}, and the address is only what errors and logs call it. */
    public GrpcListener(ListenerSettings settings, ListenerRuntime runtime, CallMethods methods, Acceptor acceptor) {
        this.settings = settings;
        this.runtime = runtime;
        ages = new CallAges(runtime.timers(), runtime.random(), settings.maxConnectionAge());
        server = builder(methods, acceptor).build();
        end = new ServerEnd(server, ages, settings.listenGracePeriod(), runtime.timers());
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

    @Override
    public void drain(Duration limit, Runnable agesEnded) throws InterruptedException {
        end.inOrder(limit, agesEnded);
    }

    @Override
    public void close() {
        end.now();
    }

    private NettyServerBuilder builder(CallMethods methods, Acceptor acceptor) {
        NettyServerBuilder builder = NettyServerBuilder
                .forAddress(acceptor.address(), new Connections(Admission.of(settings), runtime).credentials())
                .channelFactory(acceptor.channels())
                .bossEventLoopGroup(acceptor.loops())
                .workerEventLoopGroup(acceptor.loops());
        new ServerParameters(settings.policy(), settings.maxConnectionAge(), ages, methods, runtime.executor(), runtime.traces()).applyTo(builder);
        if (acceptor.socketOptions()) {
            builder.withChildOption(EpollChannelOption.TCP_USER_TIMEOUT, Math.toIntExact(settings.policy().tcpUserTimeout().toMillis()));
        }
        return builder;
    }
}
