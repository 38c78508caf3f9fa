package org.openkas.gitaly;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import org.openkas.common.Timers;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.repository.RepositoryException;

/**
 * The Gitaly servers in use: one channel and one rate limiter for each pair of address and token (chapter 02 §5.2, §5.6),
 * made on first use and closed when they were not used for a while. Thread-safe.
 */
final class GitalyServers implements AutoCloseable {

    /** Makes what a new server needs. */
    interface Factory {
        ManagedChannel channel(String address) throws RepositoryException;

        RateLimiter limiter(String address);
    }

    private record Key(String address, String token) {
        @Override
        public String toString() {
            return address;
        }
    }

    private static final class Server {
        final ManagedChannel channel;
        final RateLimiter limiter;
        int users;
        long idleSince;

        Server(ManagedChannel channel, RateLimiter limiter) {
            this.channel = channel;
            this.limiter = limiter;
        }
    }

    private final Factory factory;
    private final Duration unusedFor;
    private final Timers timers;
    private final Map<Key, Server> servers = new HashMap<>();
    private boolean sweeping;
    private boolean closed;

    GitalyServers(Factory factory, Duration unusedFor, Timers timers) {
        this.factory = factory;
        this.unusedFor = unusedFor;
        this.timers = timers;
    }

    /** A server that stays open until the lease is closed. */
    final class Lease implements AutoCloseable {
        private final Server server;

        private Lease(Server server) {
            this.server = server;
        }

        Channel channel() {
            return server.channel;
        }

        RateLimiter limiter() {
            return server.limiter;
        }

        @Override
        public void close() {
            synchronized (GitalyServers.this) {
                server.users--;
                server.idleSince = timers.nanos();
            }
        }
    }

    /** The server for this access; connects when the first call is made. */
    synchronized Lease lease(GitalyInfo access) throws RepositoryException {
        if (closed) {
            throw new RepositoryException(RepositoryException.Code.UNKNOWN, "could not dial source: the server is shutting down", null);
        }
        Key key = new Key(access.getAddress(), access.getToken());
        Server server = servers.get(key);
        if (server == null) {
            server = new Server(factory.channel(key.address()), factory.limiter(key.address()));
            servers.put(key, server);
        }
        server.users++;
        if (!sweeping) {
            sweeping = true;
            timers.after(unusedFor, this::sweep);
        }
        return new Lease(server);
    }

    private synchronized void sweep() {
        long now = timers.nanos();
        for (Iterator<Server> all = servers.values().iterator(); all.hasNext();) {
            Server server = all.next();
            if (server.users == 0 && now - server.idleSince >= unusedFor.toNanos()) {
                server.channel.shutdown();
                all.remove();
            }
        }
        sweeping = !servers.isEmpty() && !closed;
        if (sweeping) {
            timers.after(unusedFor, this::sweep);
        }
    }

    /** How many servers are in use. */
    synchronized int count() {
        return servers.size();
    }

    /** Ends all calls. */
    @Override
    public synchronized void close() {
        closed = true;
        servers.values().forEach(server -> server.channel.shutdownNow());
        servers.clear();
    }
}
