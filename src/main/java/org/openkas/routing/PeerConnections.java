package org.openkas.routing;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.unix.DomainSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.grpc.ConnectionPolicy;
import org.openkas.net.Network;

/**
 * One connection to each other server, opened when it is first needed, shared by all requests, closed when nobody has used it
 * for an hour (chapter 04 §5.9). Thread-safe; never blocks.
 */
public final class PeerConnections implements Peers, AutoCloseable {
    private static final int KEEP_ALIVE_LIMIT_SECONDS = 20;
    /** What a stream may send that its caller has not taken, bytes. No stream holds up others. */
    private static final int WINDOW = 1 << 20;
    /** Beyond the largest message: the parts of the answer around it. */
    private static final int MESSAGE_SLACK = 1 << 20;
    /** A server that could not be reached is tried again by whoever needs it, but not more often than this. */
    private static final Duration AGAIN = Duration.ofSeconds(1);

    private final PeerSettings settings;
    private final Timers timers;
    private final Log log;
    private final Map<String, Peer> peers = new HashMap<>();
    private boolean closed;

    /** One server. Guarded by the lock of its owner. */
    private static final class Peer {
        private final ManagedChannel channel;
        private final Channel calls;
        private final PeerWatch watch;
        private int users;
        private long unusedSince;
        private long triedAgain;

        /** Calls go through {@code calls}, to {@code channel}. */
        private Peer(ManagedChannel channel, Channel calls, PeerWatch watch, long now) {
            this.channel = channel;
            this.calls = calls;
            this.watch = watch;
            triedAgain = now;
        }
    }

    /** No connection yet. */
    public PeerConnections(PeerSettings settings, Timers timers, Log log) {
        this.settings = settings;
        this.timers = timers;
        this.log = log;
    }

    @Override
    public synchronized Lease lease(String url) throws PeerUrlException {
        Peer peer = peers.get(url);
        if (peer == null) {
            if (closed) {
                throw new PeerUrlException("kas is shutting down");
            }
            ManagedChannel channel = channel(PeerUrl.parse(url));
            peer = new Peer(channel, ClientInterceptors.interceptForward(channel, settings.interceptors()),
                    PeerWatch.begin(url, channel, timers, log), timers.nanos());
            peers.put(url, peer);
        }
        peer.users++;
        peer.watch.needed();
        tryAgain(peer);
        return new Held(this, peer);
    }

    /** A server that is back need not wait until the pause after the last failure is over, which can be two minutes. */
    private void tryAgain(Peer peer) {
        long now = timers.nanos();
        if (now - peer.triedAgain >= AGAIN.toNanos()) {
            peer.triedAgain = now;
            peer.channel.resetConnectBackoff();
        }
    }

    private static final class Held implements Lease {
        private final PeerConnections connections;
        private final Peer peer;
        private boolean released;

        private Held(PeerConnections connections, Peer peer) {
            this.connections = connections;
            this.peer = peer;
        }

        @Override
        public Channel channel() {
            return peer.calls;
        }

        @Override
        public void release() {
            synchronized (connections) {
                if (!released) {
                    released = true;
                    peer.users--;
                    peer.unusedSince = connections.timers.nanos();
                    connections.closeUnused();
                }
            }
        }
    }

    private void closeUnused() {
        long now = timers.nanos();
        for (Iterator<Map.Entry<String, Peer>> each = peers.entrySet().iterator(); each.hasNext();) {
            Map.Entry<String, Peer> entry = each.next();
            Peer peer = entry.getValue();
            if (peer.users == 0 && now - peer.unusedSince >= settings.unusedFor().toNanos()) {
                each.remove();
                peer.channel.shutdown();
                log.with("pool_conn_url", entry.getKey()).debug("Closed idle pool connection");
            }
        }
    }

    /** How many connections there are. */
    synchronized int open() {
        return peers.size();
    }

    /** Cuts off what still runs. */
    @Override
    public synchronized void close() {
        closed = true;
        peers.forEach((url, peer) -> {
            Log about = log.with("pool_conn_url", url);
            if (peer.users > 0) {
                about.warn("Closing pool connection that is being used by " + peer.users + " callers");
            }
            peer.channel.shutdownNow();
            about.debug("Closed pool connection");
        });
        peers.clear();
    }

    private ManagedChannel channel(PeerUrl url) {
        NettyChannelBuilder builder = switch (url) {
            case PeerUrl.Remote(String authority, boolean tls) -> {
                NettyChannelBuilder remote = NettyChannelBuilder.forTarget("dns:///" + authority)
                        .channelType(settings.loops().clientChannel(Network.TCP));
                if (tls) {
                    settings.tlsName().ifPresent(remote::overrideAuthority);
                    yield remote.sslContext(settings.tls().get());
                }
                yield remote.usePlaintext();
            }
            case PeerUrl.UnixSocket(String path) -> {
                SocketAddress address = settings.loops().suited(new DomainSocketAddress(path));
                yield NettyChannelBuilder.forAddress(address).channelType(settings.loops().clientChannel(Network.UNIX), address.getClass())
                        // gRPC sets an option that such a socket does not have, and Netty would warn of it each time
                        .withOption(ChannelOption.SO_KEEPALIVE, null).overrideAuthority("localhost").usePlaintext();
            }
        };
        return builder.eventLoopGroup(settings.loops().group()).userAgent(settings.userAgent()).directExecutor()
                .offloadExecutor(settings.executor()).keepAliveTime(settings.keepAlive().toMillis(), TimeUnit.MILLISECONDS)
                .keepAliveTimeout(KEEP_ALIVE_LIMIT_SECONDS, TimeUnit.SECONDS).keepAliveWithoutCalls(true)
                // the pool decides when a connection is of no use any more
                .idleTimeout(2 * settings.unusedFor().toMillis(), TimeUnit.MILLISECONDS).disableServiceConfigLookUp().disableRetry()
                .flowControlWindow(WINDOW).maxInboundMessageSize(ConnectionPolicy.PEERS.maxMessageBytes() + MESSAGE_SLACK)
                .build();
    }
}
