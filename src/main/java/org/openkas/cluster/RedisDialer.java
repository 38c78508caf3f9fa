package org.openkas.cluster;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.MaintNotificationsConfig;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.SslOptions;
import io.lettuce.core.SslVerifyMode;
import io.lettuce.core.api.AsyncCloseable;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.metrics.CommandLatencyRecorder;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import io.lettuce.core.sentinel.api.StatefulRedisSentinelConnection;
import io.netty.resolver.DefaultAddressResolverGroup;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.openkas.config.RedisSection;
import org.openkas.config.RedisSentinelSection;
import org.openkas.config.RedisServerSection;
import org.openkas.config.Secret;
import org.openkas.net.ClientSecurity;

/**
 * Opens connections to the Redis that the configuration names, or that its sentinels name (chapter 04 §7.1). Opening takes {@code
 * redis.dial_timeout} at most, asking a sentinel as long again. Thread-safe; one at a time is enough.
 */
final class RedisDialer implements AutoCloseable {
    private static final String CLIENT_NAME = "gitlab-kas";
    /** What may wait for Redis at one connection; what is more fails at once. */
    private static final int QUEUE = 20_000;
    private static final int THREADS = 2;
    private static final Duration IDLE = Duration.ofSeconds(15);
    private static final Duration PROBE = Duration.ofSeconds(5);
    private static final int PROBES = 3;
    private static final Duration STOP = Duration.ofSeconds(2);

    private final RedisSection section;
    private final RedisAccess access;
    private final ClientResources resources;
    private final RedisClient servers;
    private final RedisClient sentinels;

    /**
     * A server that can be dialled.
     *
     * @param network {@code tcp} or {@code unix}
     * @param address host and port, or the path of a socket
     */
    record Place(String network, String address) {
    }

    RedisDialer(RedisSection section, RedisAccess access) {
        this.section = section;
        this.access = access;
        // names are found as the rest of the server finds them
        resources = DefaultClientResources.builder().ioThreadPoolSize(THREADS).computationThreadPoolSize(THREADS)
                .addressResolverGroup(DefaultAddressResolverGroup.INSTANCE).commandLatencyRecorder(CommandLatencyRecorder.disabled())
                .build();
        servers = client(access.tls());
        sentinels = client(access.sentinelTls());
    }

    private RedisClient client(Optional<ClientSecurity> tls) {
        SocketOptions.Builder socket = SocketOptions.builder().connectTimeout(section.dialTimeout());
        if (unix()) {
            socket.keepAlive(false);
        } else {
            socket.keepAlive(SocketOptions.KeepAliveOptions.builder().enable().idle(IDLE).interval(PROBE).count(PROBES).build());
        }
        ClientOptions.Builder options = ClientOptions.builder().autoReconnect(false)
                .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS).requestQueueSize(QUEUE)
                .socketOptions(socket.build())
                .maintNotificationsConfig(MaintNotificationsConfig.disabled());
        tls.ifPresent(security -> options
                .sslOptions(SslOptions.builder().handshakeTimeout(section.dialTimeout()).sslContext(security::applyTo).build()));
        RedisClient client = new AsyncRedisClient(resources);
        client.setOptions(options.build());
        return client;
    }

    private boolean unix() {
        return section.network().equals("unix");
    }

    /** Whether sentinels say which server leads. */
    boolean asksSentinels() {
        return section.nodes() instanceof RedisSentinelSection;
    }

    /** New connections; blocks until they are open. */
    RedisSession open() throws RedisFailure {
        Place place = place();
        RedisURI uri = uri(place);
        CompletableFuture<StatefulRedisConnection<byte[], byte[]>> reads = started(servers.connectAsync(ByteArrayCodec.INSTANCE, uri));
        CompletableFuture<StatefulRedisConnection<byte[], byte[]>> writes = started(servers.connectAsync(ByteArrayCodec.INSTANCE, uri));
        CompletableFuture<StatefulRedisPubSubConnection<byte[], byte[]>> events = started(
                servers.connectPubSubAsync(ByteArrayCodec.INSTANCE, uri));
        try {
            await(place, CompletableFuture.allOf(reads, writes, events));
        } catch (RedisFailure e) {
            List.of(reads, writes, events).forEach(RedisDialer::drop);
            throw e;
        }
        RedisSession session = new RedisSession(place, reads.join(), writes.join(), events.join());
        try {
            await(place, session.ping());
        } catch (RedisFailure e) {
            session.close();
            throw e;
        }
        return session;
    }

    /** A connection of one's own, to the same server as {@code session}; the caller closes it. */
    StatefulRedisConnection<byte[], byte[]> beside(RedisSession session) throws RedisFailure {
        CompletableFuture<StatefulRedisConnection<byte[], byte[]>> one = started(
                servers.connectAsync(ByteArrayCodec.INSTANCE, uri(session.place())));
        try {
            return await(session.place(), one);
        } catch (RedisFailure e) {
            drop(one);
            throw e;
        }
    }

    private Place place() throws RedisFailure {
        return switch (section.nodes()) {
            case RedisServerSection server -> new Place(unix() ? "unix" : "tcp", server.address());
            case RedisSentinelSection group -> leader(group);
        };
    }

    /** The first answer counts; what a sentinel without an answer has to say is told only if none has one. */
    private Place leader(RedisSentinelSection group) throws RedisFailure {
        List<RedisFailure> failures = new ArrayList<>();
        for (String address : group.addresses()) {
            try {
                return leader(group, new Place(unix() ? "unix" : "tcp", address));
            } catch (RedisFailure e) {
                failures.add(e);
            }
        }
        throw failures.getLast();
    }

    private Place leader(RedisSentinelSection group, Place sentinel) throws RedisFailure {
        CompletableFuture<StatefulRedisSentinelConnection<String, String>> dialled = started(
                sentinels.connectSentinelAsync(StringCodec.UTF8, sentinelUri(sentinel)));
        try {
            SocketAddress leader = await(sentinel,
                    dialled.thenCompose(connection -> connection.async().getMasterAddrByName(group.masterName())));
            if (leader instanceof InetSocketAddress known) {
                return new Place("tcp", join(known.getHostString(), known.getPort()));
            }
            throw RedisFailure.unreachable("redis: sentinel " + sentinel.address() + " does not know master " + group.masterName());
        } finally {
            drop(dialled);
        }
    }

    private RedisURI uri(Place place) throws RedisFailure {
        RedisURI uri = at(place, access.tls().isPresent(), access.password());
        uri.setClientName(CLIENT_NAME);
        uri.setDatabase(section.databaseIndex());
        return uri;
    }

    private RedisURI sentinelUri(Place place) throws RedisFailure {
        return at(place, access.sentinelTls().isPresent(), access.sentinelPassword());
    }

    private RedisURI at(Place place, boolean tls, Optional<Secret> password) throws RedisFailure {
        RedisURI.Builder uri;
        if (place.network().equals("unix")) {
            uri = RedisURI.Builder.socket(place.address());
        } else {
            int colon = place.address().lastIndexOf(':');
            uri = RedisURI.Builder.redis(host(place.address(), colon), port(place.address(), colon)).withSsl(tls)
                    .withVerifyPeer(SslVerifyMode.FULL);
        }
        uri.withTimeout(section.dialTimeout());
        if (password.isPresent() && password.get().length() > 0) {
            char[] text = password.get().text().toCharArray();
            if (section.username().isPresent()) {
                uri.withAuthentication(section.username().get(), text);
            } else {
                uri.withPassword(text);
            }
        }
        return uri.build();
    }

    private static String host(String address, int colon) throws RedisFailure {
        if (colon < 0 || address.endsWith("]")) {
            throw RedisFailure.unreachable("dial tcp: address " + address + ": missing port in address");
        }
        String host = address.substring(0, colon);
        String plain = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        return plain.isEmpty() ? "localhost" : plain;
    }

    private static int port(String address, int colon) throws RedisFailure {
        String text = address.substring(colon + 1);
        try {
            int port = Integer.parseInt(text);
            if (port > 0 && port < 1 << 16) {
                return port;
            }
        } catch (NumberFormatException e) {
            throw RedisFailure.unreachable("dial tcp: lookup tcp/" + text + ": unknown port");
        }
        throw RedisFailure.unreachable("dial tcp: address " + text + ": invalid port");
    }

    private static String join(String host, int port) {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }

    private static <T> CompletableFuture<T> started(CompletionStage<T> connection) {
        return connection.toCompletableFuture();
    }

    private <T> T await(Place place, CompletionStage<T> stage) throws RedisFailure {
        try {
            return stage.toCompletableFuture().get(section.dialTimeout().toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw RedisFailure.ofDial(place.network(), place.address(), e.getCause() == null ? e : e.getCause());
        } catch (TimeoutException e) {
            throw RedisFailure.ofDial(place.network(), place.address(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw RedisFailure.abandoned(e);
        }
    }

    /** Also one that opens only after nobody waits for it any more. */
    private static void drop(CompletableFuture<? extends AsyncCloseable> connection) {
        CompletableFuture<?> _ = connection.thenCompose(AsyncCloseable::closeAsync);
    }

    @Override
    public void close() {
        long limit = STOP.toMillis();
        CompletableFuture<?> _ = servers.shutdownAsync(0, limit, TimeUnit.MILLISECONDS)
                .thenCombine(sentinels.shutdownAsync(0, limit, TimeUnit.MILLISECONDS), (one, other) -> 0)
                .whenComplete((done, failure) -> {
                    Future<Boolean> _ = resources.shutdown(0, limit, TimeUnit.MILLISECONDS);
                });
    }
}
