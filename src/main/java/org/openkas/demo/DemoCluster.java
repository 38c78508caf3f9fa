package org.openkas.demo;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.random.RandomGenerator;
import org.openkas.common.Timers;

/**
 * A small Kubernetes API in memory, served as plain HTTP on the loopback address: enough for kubectl's common verbs, with a
 * few pods in which something goes on. Nobody is asked who he is; impersonation is believed. One virtual thread per
 * connection; thread-safe.
 *
 * <p>The CRUD mode of fabric8's Kubernetes mock server is no ground for it: that keeps objects by their path, answers JSON
 * patches and tells watches over WebSocket only, whereas kubectl also wants discovery, OpenAPI, tables, merge and server-side
 * patches and watches over chunked HTTP. Logs that grow, and exec, attach and port-forward over SPDY and WebSocket, would have
 * to be written all the same, beside its answers fixed in advance.
 */
public final class DemoCluster implements AutoCloseable {
    private static final int MOST_CONNECTIONS = 1000;

    private final ServerSocket listener;
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
    private final Semaphore room = new Semaphore(MOST_CONNECTIONS);
    private final Timers timers;
    private final ObjectStore store;
    private final PodLogs logs;
    private final ObjectRequests objects;
    private final PodRequests pods;
    private final DemoLife life;
    private volatile boolean closed;

    private DemoCluster(ServerSocket listener, Timers timers, RandomGenerator random) throws ApiFailure {
        this.listener = listener;
        this.timers = timers;
        store = new ObjectStore(timers, random);
        logs = new PodLogs(timers);
        PodFiles files = new PodFiles();
        objects = new ObjectRequests(store, timers);
        pods = new PodRequests(store, logs, files, timers);
        life = new DemoLife(store, logs, files, timers);
        life.begin();
    }

    /**
     * Makes a cluster that lives on a port of its own.
     *
     * @param random chooses names
     * @throws IOException if there is no port on the loopback address
     */
    public static DemoCluster start(Timers timers, RandomGenerator random) throws IOException {
        ServerSocket listener = new ServerSocket(0, 128, InetAddress.getLoopbackAddress());
        try {
            DemoCluster cluster = new DemoCluster(listener, timers, random);
            Thread.ofVirtual().name("demo-cluster").start(cluster::accept);
            cluster.live();
            return cluster;
        } catch (ApiFailure e) {
            listener.close();
            throw new IllegalStateException(e);
        }
    }

    /** Where the API is. */
    public URI uri() {
        return URI.create("http://" + listener.getInetAddress().getHostAddress() + ":" + listener.getLocalPort());
    }

    private void live() {
        if (!closed) {
            timers.after(DemoLife.pace(), () -> {
                life.step();
                live();
            });
        }
    }

    private void accept() {
        while (!closed) {
            try {
                Socket socket = listener.accept();
                if (!room.tryAcquire()) {
                    socket.close();
                    continue;
                }
                connections.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException e) {
                // the listener was closed, or the peer left at once
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream(), 32 * 1024);
            boolean open = true;
            while (open && !closed) {
                Optional<HttpHead> head = HttpHead.read(in);
                if (head.isEmpty()) {
                    return;
                }
                ApiExchange exchange = new ApiExchange(head.get(), socket, in);
                serve(exchange);
                open = exchange.keepsOpen();
            }
        } catch (IOException e) {
            // the peer left, or does not speak HTTP
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            connections.remove(socket);
            room.release();
        }
    }

    private void serve(ApiExchange exchange) throws IOException, InterruptedException {
        try {
            route(exchange);
        } catch (ApiFailure e) {
            if (exchange.answered()) {
                throw new IOException(e);
            }
            exchange.json(e.code(), e.status());
        }
    }

    private void route(ApiExchange exchange) throws IOException, ApiFailure, InterruptedException {
        if (List.of("/livez", "/readyz", "/healthz").contains(exchange.path())) {
            exchange.text(200, "ok");
            return;
        }
        Optional<ObjectNode> discovered = exchange.method().equals("GET") ? Discovery.at(exchange.path()) : Optional.empty();
        if (discovered.isPresent()) {
            exchange.json(200, discovered.get());
            return;
        }
        List<String> path = exchange.segments();
        boolean core = path.size() > 2 && path.getFirst().equals("api") && path.get(1).equals("v1");
        boolean named = path.size() > 3 && path.getFirst().equals("apis") && path.get(2).equals("v1");
        if (!core && !named) {
            throw ApiFailure.noPath();
        }
        String group = core ? "" : path.get(1);
        below(exchange, group, path.subList(core ? 2 : 3, path.size()));
    }

    private void below(ApiExchange exchange, String group, List<String> path) throws IOException, ApiFailure, InterruptedException {
        if (path.getFirst().startsWith("selfsubject") && exchange.method().equals("POST")) {
            exchange.json(201, SelfReviews.answer(exchange, path.getFirst()));
            return;
        }
        boolean inNamespace = path.getFirst().equals("namespaces") && path.size() > 2 && Kind.named(group, path.get(2)).isPresent();
        String namespace = inNamespace ? path.get(1) : "";
        List<String> rest = inNamespace ? path.subList(2, path.size()) : path;
        Kind kind = Kind.named(group, rest.getFirst()).orElseThrow(ApiFailure::noPath);
        if (rest.size() == 1) {
            if (kind.namespaced() && !inNamespace && !exchange.method().equals("GET")) {
                throw ApiFailure.notAllowed(exchange.method());
            }
            objects.all(exchange, kind, namespace);
        } else if (kind.namespaced() != inNamespace) {
            throw ApiFailure.noPath();
        } else if (rest.size() == 2) {
            objects.one(exchange, kind, namespace, rest.get(1));
        } else {
            subresource(exchange, kind, namespace, rest);
        }
    }

    private void subresource(ApiExchange exchange, Kind kind, String namespace, List<String> rest)
            throws IOException, ApiFailure, InterruptedException {
        String name = rest.get(1);
        if (rest.size() > 3 || !kind.subresources().contains(rest.get(2))) {
            throw ApiFailure.noPath();
        }
        switch (rest.get(2)) {
            case "log" -> pods.log(exchange, namespace, name);
            case "exec" -> pods.exec(exchange, namespace, name);
            case "attach" -> pods.attach(exchange, namespace, name);
            case "portforward" -> pods.portForward(exchange, namespace, name);
            case "scale" -> objects.scale(exchange, kind, namespace, name);
            default -> objects.one(exchange, kind, namespace, name);
        }
    }

    /** Closes all connections; nothing goes on any more. */
    @Override
    public void close() {
        closed = true;
        store.close();
        logs.close();
        try {
            listener.close();
            for (Socket socket : connections) {
                socket.close();
            }
        } catch (IOException e) {
            // closed all the same
        }
    }
}
