package org.openkas.grpc;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.local.LocalAddress;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.openkas.websocket.HandoffServerChannel;
import org.openkas.websocket.MessageCarrier;
import org.openkas.websocket.MessageChannel;

/**
 * A gRPC server without a socket: whoever terminates WebSockets hands their sessions over, and they get the same services,
 * limits, keepalive, ages and end as connections of a {@link GrpcListener}. Life: {@link #start}, {@link #drain} or
 * {@link #close}; each from one thread. {@link #accept} is thread-safe.
 */
public final class HandoffListener implements Drainable {
    /** Agents' addresses are not known behind a WebSocket (chapter 01 §2.4). */
    private static final SocketAddress PEER = new LocalAddress("websocket");

    private final CompletableFuture<HandoffServerChannel> acceptor = new CompletableFuture<>();
    private final Server server;
    private final ServerEnd end;

    /**
     * Prepares the listener.
     *
     * @param methods what it serves, interceptors included: see {@link MethodTable}
     */
    public HandoffListener(HandoffSettings settings, ListenerRuntime runtime, CallMethods methods) {
        CallAges ages = new CallAges(runtime.timers(), runtime.random(), settings.maxConnectionAge());
        Connections connections = new Connections(Admission.handedOver(settings.policy()), runtime);
        NettyServerBuilder builder = NettyServerBuilder.forAddress(new LocalAddress("websocket-handoff"), connections.credentials())
                .channelFactory(() -> new HandoffServerChannel(runtime.timers()::nanos, acceptor::complete))
                .bossEventLoopGroup(runtime.loops().group())
                .workerEventLoopGroup(runtime.loops().group());
        new ServerParameters(settings.policy(), settings.maxConnectionAge(), ages, methods, runtime.executor(), runtime.traces()).applyTo(builder);
        server = builder.build();
        end = new ServerEnd(server, ages, settings.listenGracePeriod(), runtime.timers());
    }

    /** Begins to accept sessions. */
    public void start() {
        try {
            server.start();
        } catch (IOException e) {
            throw new IllegalStateException("there is no socket that could fail", e);
        }
    }

    /**
     * Takes a session over; the caller passes what arrives to the channel.
     *
     * @return nothing if the server does not accept any, or no longer
     */
    public Optional<MessageChannel> accept(MessageCarrier carrier) {
        return acceptor.isDone() ? acceptor.join().accept(carrier, PEER) : Optional.empty();
    }

    /** Sessions are closed with their connections. */
    @Override
    public void drain(Duration limit, Runnable agesEnded) throws InterruptedException {
        end.inOrder(limit, agesEnded);
    }

    @Override
    public void close() {
        end.now();
    }
}
