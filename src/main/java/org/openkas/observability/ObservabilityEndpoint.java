package org.openkas.observability;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.net.BindFailure;
import org.openkas.net.BoundAddress;
import org.openkas.net.EventLoops;
import org.openkas.net.ListenAddress;
import org.openkas.net.ListenException;
import org.openkas.net.PlainHttpRefusal;
import org.openkas.net.Security;

/**
 * The HTTP listener for probes and Prometheus (chapter 05 §8.5 and §11): HTTP/1.1, over TLS if so configured, on TCP or a
 * unix socket. No authentication. Thread-safe.
 */
public final class ObservabilityEndpoint implements AutoCloseable {
    private static final long STOP_SECONDS = 15;
    private static final int LARGEST_HEAD = 64 * 1024;

    private final ListenAddress address;
    private final Security security;
    private final Pages pages;
    private final String serverName;
    private final EventLoops loops;
    private final Timers timers;
    private final Executor executor;
    private final Log log;
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private volatile boolean stopping;

    /**
     * Does not listen yet.
     *
     * @param serverName the {@code Server} header
     * @param executor runs checks and scrapes, which may block: each at once, on a thread of its own
     * @param log gets {@code mod_name} here
     */
    public ObservabilityEndpoint(ListenAddress address, Security security, ObservabilityPaths paths, Probes probes, Metrics metrics,
            String serverName, EventLoops loops, Timers timers, Executor executor, Log log) {
        this.address = address;
        this.security = security;
        this.serverName = serverName;
        this.loops = loops;
        this.timers = timers;
        this.executor = executor;
        this.log = log.with("mod_name", "observability");
        pages = new Pages(paths, probes, metrics, this.log);
    }

    /**
     * Begins to listen and says so in the log.
     *
     * @throws ListenException if the address cannot be bound; its message has no module prefix
     */
    public BoundAddress start() throws ListenException {
        address.refuseTaken();
        ChannelFuture bind = new ServerBootstrap().group(loops.group()).channelFactory(loops.serverChannels(address.network()))
                .childOption(ChannelOption.AUTO_READ, true).childHandler(new Connection()).bind(address.resolve()).awaitUninterruptibly();
        if (!bind.isSuccess()) {
            throw BindFailure.of(address, bind.cause());
        }
        connections.add(bind.channel());
        BoundAddress bound = BoundAddress.of(bind.channel().localAddress());
        log.with("net_network", bound.network()).with("net_address", bound.address()).info("Observability endpoint is up");
        return bound;
    }

    private final class Connection extends ChannelInitializer<Channel> {
        @Override
        protected void initChannel(Channel channel) {
            if (stopping || !address.admits(channel.remoteAddress())) {
                var _ = channel.close();
                return;
            }
            connections.add(channel);
            ChannelPipeline pipeline = channel.pipeline();
            RequestTimeouts timeouts = new RequestTimeouts();
            pipeline.addLast(timeouts);
            if (security instanceof Security.Tls tls) {
                pipeline.addLast(new PlainHttpRefusal());
                pipeline.addLast(tls.context().newHandler(channel.alloc()));
            }
            pipeline.addLast(new HttpServerCodec(new HttpDecoderConfig().setStrictLineParsing(false).setMaxHeaderSize(LARGEST_HEAD)
                    .setMaxInitialLineLength(LARGEST_HEAD)));
            pipeline.addLast(new PageHandler(pages, timeouts, serverName, timers, executor));
        }
    }

    /** Stops listening, lets answers under way finish for 15 s at most, then cuts what is left. */
    @Override
    public void close() {
        stopping = true;
        connections.close(channel -> channel instanceof io.netty.channel.ServerChannel).awaitUninterruptibly();
        connections.forEach(channel -> channel.pipeline().fireUserEventTriggered(PageHandler.Stop.NOW));
        connections.newCloseFuture().awaitUninterruptibly(STOP_SECONDS, TimeUnit.SECONDS);
        connections.close().awaitUninterruptibly();
    }
}
