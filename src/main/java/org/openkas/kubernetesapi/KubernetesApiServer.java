package org.openkas.kubernetesapi;

import io.grpc.Channel;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.function.LongFunction;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.kubernetesaccess.AgentAccess;
import org.openkas.kubernetesaccess.WebSocketTokens;
import org.openkas.net.BindFailure;
import org.openkas.net.BoundAddress;
import org.openkas.net.EventLoops;
import org.openkas.net.ListenException;
import org.openkas.net.Network;
import org.openkas.net.PlainHttpRefusal;
import org.openkas.net.Security;
import org.openkas.tracing.Tracer;

/**
 * The listener for kubectl, CI jobs and browsers (chapter 03 §2): HTTP/1.1, over TLS if so configured. Life: {@link #start},
 * then {@link #drain} or {@link #close}; each from one thread.
 */
public final class KubernetesApiServer implements AutoCloseable {
    /** One read brings as much as can be handed on at once: what is read and not taken is all that waits here. */
    private static final int LARGEST_READ = 64 << 10;
    /** What the system keeps for a client that does not read, besides what is on its way. */
    private static final long LARGEST_UNSENT = 128 << 10;
    /** Between probes: a client that closed both ways looks half-closed until one resets it. The system's two hours are long. */
    private static final int PROBE_SECONDS = 15;
    private static final int USUAL_READ = 4 << 10;
    private static final int SMALLEST_READ = 512;

    private final ProxySettings settings;
    private final Proxy proxy;
    private final EventLoops loops;
    private final Timers timers;
    private final Log log;
    private final ChannelGroup listeners = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private Optional<BoundAddress> bound = Optional.empty();
    private volatile boolean stopping;

    /**
     * Does not listen yet.
     *
     * @param serverName this server in headers, such as {@code gitlab-kas/v16.5.0/3cd2bb7a}
     * @param access who may reach which cluster
     * @param tokens for browsers' WebSockets; empty without a secret for them
     * @param agents a channel to the agent of an id; how long calls wait for it is the channel's business
     * @param usage told of requests that may go to an agent
     * @param metrics told of requests and their answers
     * @param executor starts each task at once on a thread of its own that may block
     * @param log gets {@code mod_name} here
     * @param tracer begins a span for each request; empty if tracing is off
     */
    public KubernetesApiServer(ProxySettings settings, String serverName, AgentAccess access, Optional<WebSocketTokens> tokens,
            LongFunction<Channel> agents, AccessUsage usage, RequestMetrics metrics, EventLoops loops, Timers timers, Executor executor,
            Log log,
            Optional<Tracer> tracer) {
        this.settings = settings;
        this.loops = loops;
        this.timers = timers;
        this.log = log.with("mod_name", "kubernetes_api");
        this.proxy = new Proxy(settings, serverName, access, tokens, agents,
                new AllowedResponseHeaders(settings.extraResponseHeaders(), timers, this.log), usage, metrics, timers, executor, this.log,
                tracer);
    }

    /**
     * Begins to listen and says so in the log.
     *
     * @throws ListenException if the address cannot be bound; its message has no module prefix
     */
    public void start() throws ListenException {
        settings.address().refuseTaken();
        ServerBootstrap bootstrap = new ServerBootstrap().group(loops.group())
                .channelFactory(loops.serverChannels(settings.address().network()))
                .childOption(ChannelOption.AUTO_READ, false).childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR,
                        new AdaptiveRecvByteBufAllocator(SMALLEST_READ, USUAL_READ, LARGEST_READ).maxMessagesPerRead(1));
        if (settings.address().network() != Network.UNIX) {
            bootstrap.option(ChannelOption.SO_REUSEADDR, true).childOption(ChannelOption.TCP_NODELAY, true)
                    .childOption(ChannelOption.SO_KEEPALIVE, true);
            if (loops.epoll()) {
                bootstrap.childOption(EpollChannelOption.TCP_NOTSENT_LOWAT, LARGEST_UNSENT)
                        .childOption(EpollChannelOption.TCP_KEEPIDLE, PROBE_SECONDS)
                        .childOption(EpollChannelOption.TCP_KEEPINTVL, PROBE_SECONDS);
            }
        }
        ChannelFuture bind = bootstrap.childHandler(new Connection()).bind(settings.address().resolve()).awaitUninterruptibly();
        if (!bind.isSuccess()) {
            throw BindFailure.of(settings.address(), bind.cause());
        }
        listeners.add(bind.channel());
        BoundAddress address = BoundAddress.of(bind.channel().localAddress());
        bound = Optional.of(address);
        log.with("net_network", address.network()).with("net_address", address.address()).info("Kubernetes API endpoint is up");
    }

    /** Where it listens. Only after {@link #start}. */
    public BoundAddress bound() {
        return bound.orElseThrow();
    }

    /** The clients that are connected now. */
    Set<io.netty.channel.Channel> connections() {
        return Set.copyOf(connections);
    }

    private final class Connection extends ChannelInitializer<io.netty.channel.Channel> {
        @Override
        protected void initChannel(io.netty.channel.Channel channel) {
            if (stopping || !settings.address().admits(channel.remoteAddress())) {
                var _ = channel.close();
                return;
            }
            connections.add(channel);
            if (settings.security() instanceof Security.Tls tls) {
                channel.pipeline().addLast(new PlainHttpRefusal());
                channel.pipeline().addLast(tls.context().newHandler(channel.alloc()));
            }
            new ClientConnection(proxy, channel).install();
            if (stopping) {
                // it may have come too late to be told with the others
                channel.pipeline().fireUserEventTriggered(ClientHandler.Stop.NOW);
            }
        }
    }

    /**
     * Ends in good order (chapter 03 §2.4): accepts for the listen grace period, then lets requests under way and upgraded
     * connections end for the shutdown grace period at most, then cuts them. Blocks.
     *
     * @throws InterruptedException if the thread is interrupted; what runs goes on until {@link #close}
     */
    public void drain() throws InterruptedException {
        CompletableFuture<Void> accepted = new CompletableFuture<>();
        await(accepted, settings.listenGracePeriod());
        stopping = true;
        listeners.close().awaitUninterruptibly();
        connections.forEach(channel -> channel.pipeline().fireUserEventTriggered(ClientHandler.Stop.NOW));
        CompletableFuture<Void> ended = new CompletableFuture<>();
        var _ = connections.newCloseFuture().addListener(done -> ended.complete(null));
        await(ended, settings.shutdownGracePeriod());
        close();
    }

    private void await(CompletableFuture<Void> event, Duration most) throws InterruptedException {
        Timers.Cancellable limit = timers.after(most, () -> event.complete(null));
        try {
            event.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("nothing completes it exceptionally", e);
        } finally {
            limit.cancel();
        }
    }

    /** Stops listening and cuts off what runs. */
    @Override
    public void close() {
        stopping = true;
        listeners.close().awaitUninterruptibly();
        connections.close().awaitUninterruptibly();
    }
}
