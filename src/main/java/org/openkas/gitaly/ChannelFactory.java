package org.openkas.gitaly;

import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.NameResolver;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.io.IOException;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.security.GeneralSecurityException;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.openkas.common.Timers;
import org.openkas.repository.RepositoryException;
import org.openkas.repository.RepositoryException.Code;

/** Makes the channel for an address (chapter 02 §5.1 to §5.3). Connects lazily. Thread-safe. */
final class ChannelFactory implements AutoCloseable {
    private static final int KEEP_ALIVE_LIMIT_SECONDS = 20;
    private static final int WINDOW = 1 << 20;

    private final ChannelSettings settings;
    private final SystemTrust trust;
    private final HostLookup systemLookup;
    private final Timers timers;
    private final RandomGenerator random;
    // for unix sockets and DNS queries; everything else runs on gRPC's own event loops. Its thread starts when needed.
    private final EventLoopGroup eventLoops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

    ChannelFactory(ChannelSettings settings, SystemTrust trust, HostLookup systemLookup, Timers timers, RandomGenerator random) {
        this.settings = settings;
        this.trust = trust;
        this.systemLookup = systemLookup;
        this.timers = timers;
        this.random = random;
    }

    /** A new channel; the caller shuts it down. */
    ManagedChannel channel(GitalyAddress address) throws RepositoryException {
        try {
            return built(address);
        } catch (IllegalArgumentException e) {
            // a host that gRPC cannot make anything of
            throw new RepositoryException(Code.UNKNOWN, "could not dial source: " + e.getMessage(), e);
        }
    }

    private ManagedChannel built(GitalyAddress address) throws RepositoryException {
        NettyChannelBuilder builder = switch (address) {
            case GitalyAddress.Remote(GitalyAddress.HostPort target, boolean tls) -> NettyChannelBuilder
                    .forTarget(uri(target), tls ? tls() : InsecureChannelCredentials.create());
            case GitalyAddress.UnixSocket(String path) -> NettyChannelBuilder
                    .forAddress(UnixDomainSocketAddress.of(path), InsecureChannelCredentials.create())
                    .channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class).eventLoopGroup(eventLoops)
                    // gRPC sets an option that such a socket does not have, and Netty would warn of it each time
                    .withOption(ChannelOption.SO_KEEPALIVE, null).overrideAuthority("localhost");
            case GitalyAddress.Dns dns -> balanced(dns);
        };
        return builder.userAgent(settings.build().serverName()).keepAliveTime(settings.keepAlive().toMillis(), TimeUnit.MILLISECONDS)
                .keepAliveTimeout(KEEP_ALIVE_LIMIT_SECONDS, TimeUnit.SECONDS).keepAliveWithoutCalls(true).disableServiceConfigLookUp()
                .flowControlWindow(WINDOW).directExecutor().intercept(settings.interceptors().reversed()).build();
    }

    // the only way to give one channel a resolver of its own without registering it for the whole process
    @SuppressWarnings("deprecation")
    private NettyChannelBuilder balanced(GitalyAddress.Dns address) {
        HostLookup lookup = address.server().<HostLookup>map(server -> new DnsServerLookup(server, eventLoops.next())).orElse(systemLookup);
        return NettyChannelBuilder.forTarget(uri(address.target()), InsecureChannelCredentials.create())
                .defaultLoadBalancingPolicy("round_robin").nameResolverFactory(new NameResolver.Factory() {
                    @Override
                    public NameResolver newNameResolver(URI target, NameResolver.Args args) {
                        return new RefreshingNameResolver(address.target(), lookup, timers, random, args);
                    }

                    @Override
                    public String getDefaultScheme() {
                        return "dns";
                    }
                });
    }

    /** In the path of a URI the brackets around an IPv6 address, and the sign before its zone, have to be escaped. */
    private static String uri(GitalyAddress.HostPort target) {
        return "dns:///" + target.authority().replace("%", "%25").replace("[", "%5B").replace("]", "%5D");
    }

    private ChannelCredentials tls() throws RepositoryException {
        try {
            return TlsChannelCredentials.newBuilder().trustManager(trust.managers()).build();
        } catch (GeneralSecurityException | IOException e) {
            throw new RepositoryException(Code.UNKNOWN,
                    "could not dial source: failed to get system certificate pool for 'tls' connection: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        var _ = eventLoops.shutdownGracefully(0, 5, TimeUnit.SECONDS);
    }
}
