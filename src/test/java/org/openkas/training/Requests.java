package org.openkas.training;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.openkas.testkit.KubernetesApiClient;
import org.openkas.testkit.Surroundings;
import org.openkas.testkit.TunnelAgent;

/** Kubernetes API requests through an agent's tunnels: small ones, bytes down and up, watches, and one that is refused. */
final class Requests {
    private static final int TUNNELS = 40;
    private static final int CONNECTIONS = 16;
    private static final Duration ONE_CONNECTION = Duration.ofMillis(700);
    private static final Duration ALL_CONNECTIONS = Duration.ofMillis(2_000);
    private static final long TRANSFER = 64 << 20;
    private static final int TRANSFERS = 2;
    private static final int WATCHES = 10;
    private static final int EVENTS = 200;
    private static final int REFUSED = 50;

    private final Surroundings surroundings;

    Requests(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    private interface Connection {
        void use(KubernetesApiClient client) throws IOException, InterruptedException;
    }

    void run(String transport) throws IOException, InterruptedException {
        try (TunnelAgent agent = surroundings.tunnels(transport, TUNNELS)) {
            connections(1, client -> small(client, ONE_CONNECTION));
            connections(CONNECTIONS, client -> small(client, ALL_CONNECTIONS));
            connections(TRANSFERS, Requests::down);
            connections(TRANSFERS, Requests::up);
            watch(agent);
            connections(1, Requests::refused);
        }
    }

    /** Opens so many connections and uses all at once. */
    private void connections(int count, Connection connection) throws IOException, InterruptedException {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                all.add(threads.submit(() -> {
                    try (KubernetesApiClient client = new KubernetesApiClient(surroundings.kubernetesPort(), 0)) {
                        connection.use(client);
                    }
                    return count;
                }));
            }
            for (Future<?> one : all) {
                one.get();
            }
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        }
    }

    private static void small(KubernetesApiClient client, Duration duration) throws IOException {
        long end = System.nanoTime() + duration.toNanos();
        while (System.nanoTime() < end) {
            client.small();
        }
    }

    private static void down(KubernetesApiClient client) throws IOException {
        client.begin("/bytes");
        take(client, TRANSFER);
    }

    private static void take(KubernetesApiClient client, long bytes) throws IOException {
        byte[] part = new byte[64 << 10];
        for (long left = bytes; left > 0;) {
            left -= client.read(part);
        }
    }

    private static void up(KubernetesApiClient client) throws IOException {
        client.send(TRANSFER, new byte[64 << 10], new AtomicLong());
    }

    /** Each event goes out when every watch has the one before. */
    private void watch(TunnelAgent agent) throws IOException, InterruptedException {
        List<KubernetesApiClient> watches = new ArrayList<>();
        try {
            for (int i = 0; i < WATCHES; i++) {
                KubernetesApiClient client = new KubernetesApiClient(surroundings.kubernetesPort(), 0);
                watches.add(client);
                client.begin("/watch");
            }
            for (int i = 0; i < EVENTS; i++) {
                int _ = agent.event();
                for (KubernetesApiClient client : watches) {
                    take(client, TunnelAgent.EVENT_BYTES);
                }
            }
        } finally {
            for (KubernetesApiClient client : watches) {
                client.close();
            }
        }
    }

    private static void refused(KubernetesApiClient client) throws IOException {
        for (int i = 0; i < REFUSED; i++) {
            String status = client.refused();
            if (!status.startsWith("HTTP/1.1 401")) {
                throw new IOException("a request without a credential is answered " + status);
            }
        }
    }
}
