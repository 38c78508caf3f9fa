package org.openkas.gitaly;

import io.netty.channel.EventLoop;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.NoopDnsCache;
import io.netty.resolver.dns.SingletonDnsServerAddressStreamProvider;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;

/** Asks one given DNS server, over UDP and where needed TCP. Remembers nothing. Thread-safe. */
final class DnsServerLookup implements HostLookup {
    private final GitalyAddress.HostPort server;
    private final EventLoop eventLoop;

    DnsServerLookup(GitalyAddress.HostPort server, EventLoop eventLoop) {
        this.server = server;
        this.eventLoop = eventLoop;
    }

    @Override
    public List<InetAddress> addresses(String host) throws IOException, InterruptedException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(server.host()), server.port());
        try (DnsNameResolver resolver = new DnsNameResolverBuilder(eventLoop).datagramChannelType(NioDatagramChannel.class)
                .socketChannelType(NioSocketChannel.class).nameServerProvider(new SingletonDnsServerAddressStreamProvider(address))
                .resolveCache(NoopDnsCache.INSTANCE).build()) {
            Future<List<InetAddress>> answer = resolver.resolveAll(host).await();
            if (!answer.isSuccess()) {
                throw new IOException("DNS server " + server.authority() + ": " + answer.cause().getMessage(), answer.cause());
            }
            return answer.getNow();
        }
    }
}
