package org.openkas.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.openkas.testkit.KubernetesApiClient;

/** Bytes through an agent's tunnels, down and up, over one connection and several: rate, processor time of the server, memory. */
final class Bandwidth {
    private static final int[] CONNECTIONS = {1, 8};
    private static final long WARM_UP_MILLIS = 8_000;
    private static final long RUN_MILLIS = 8_000;
    private static final long UPLOAD = 256 << 20;
    private static final int PART = 64 << 10;

    private Bandwidth() {
    }

    /** {@code only}: one way and a number of connections, which is what a profile wants; or nothing, which means all. */
    static void run(Site site, String transport, List<String> only) throws Exception {
        try (AutoCloseable _ = site.agent(transport)) {
            if (!only.isEmpty()) {
                measure(site, transport + " " + only.getFirst(), Integer.parseInt(only.getLast()),
                        only.getFirst().equals("up") ? Bandwidth::up : Bandwidth::down);
                return;
            }
            for (int connections : CONNECTIONS) {
                measure(site, transport + " down", connections, Bandwidth::down);
                measure(site, transport + " up", connections, Bandwidth::up);
            }
        }
    }

    private interface Flow {
        void run(KubernetesApiClient client, AtomicLong bytes) throws IOException;
    }

    private static void measure(Site site, String what, int connections, Flow flow) throws Exception {
        AtomicLong bytes = new AtomicLong();
        List<KubernetesApiClient> clients = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            KubernetesApiClient client = new KubernetesApiClient(site.kubernetesPort, 0);
            clients.add(client);
            Thread.ofPlatform().start(() -> {
                try {
                    flow.run(client, bytes);
                } catch (IOException e) {
                    if (!client.closed()) {
                        System.out.println("a transfer failed: " + e.getMessage());
                    }
                }
            });
        }
        Thread.sleep(WARM_UP_MILLIS);
        long before = bytes.get();
        long cpu = site.figures.cpuMillis();
        long begin = System.nanoTime();
        Thread.sleep(RUN_MILLIS);
        double seconds = (double) (System.nanoTime() - begin) / TimeUnit.SECONDS.toNanos(1);
        cpu = site.figures.cpuMillis() - cpu;
        double moved = (double) (bytes.get() - before);
        for (KubernetesApiClient client : clients) {
            client.close();
        }
        System.out.printf("bytes over %s, %d connections: %.0f MiB/s, %.1f seconds of processor time per GiB, %d MiB resident%n", what, connections,
                moved / (1 << 20) / seconds, (double) cpu / 1e3 / (moved / (1 << 30)), site.figures.residentKib() >> 10);
        Thread.sleep(1_000);
    }

    private static void down(KubernetesApiClient client, AtomicLong bytes) throws IOException {
        byte[] part = new byte[PART];
        client.begin("/bytes");
        while (true) {
            bytes.addAndGet(client.read(part));
        }
    }

    private static void up(KubernetesApiClient client, AtomicLong bytes) throws IOException {
        byte[] part = new byte[PART];
        while (true) {
            client.send(UPLOAD, part, bytes);
        }
    }
}
