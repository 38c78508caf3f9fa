package org.openkas.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.openkas.testkit.KubernetesApiClient;

/** Kubernetes API requests of 1 KiB through an agent's tunnels: processor time of the server for one, and how long one takes. */
final class Requests {
    private static final long WARM_UP_NANOS = TimeUnit.SECONDS.toNanos(Integer.getInteger("openkas.bench.warmup", 10));
    private static final long RUN_NANOS = TimeUnit.SECONDS.toNanos(10);

    private Requests() {
    }

    static void run(Site site, String transport, List<Integer> counts) throws Exception {
        try (AutoCloseable _ = site.agent(transport)) {
            for (int connections : counts) {
                ConcurrentLinkedQueue<long[]> warm = new ConcurrentLinkedQueue<>();
                load(site, connections, WARM_UP_NANOS, warm);
                ConcurrentLinkedQueue<long[]> measured = new ConcurrentLinkedQueue<>();
                long cpu = site.figures.cpuMillis();
                load(site, connections, RUN_NANOS, measured);
                cpu = site.figures.cpuMillis() - cpu;
                long[] nanos = measured.stream().flatMapToLong(Arrays::stream).sorted().toArray();
                System.out.printf("requests over %s, %2d connections: %.0f/s, %.0f us of processor time each, p50 %.2f ms, p99 %.2f ms%n", transport,
                        connections, (double) nanos.length * 1e9 / RUN_NANOS, (double) cpu * 1e3 / nanos.length, millis(nanos, 0.50), millis(nanos, 0.99));
            }
        }
    }

    static double millis(long[] sorted, double share) {
        return (double) sorted[(int) (share * (sorted.length - 1))] / 1e6;
    }

    /** Asks over so many connections for so long; how long each request took is added to {@code times}. */
    static void load(Site site, int connections, long duration, ConcurrentLinkedQueue<long[]> times) throws Exception {
        long end = System.nanoTime() + duration;
        List<Thread> clients = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            clients.add(Thread.ofPlatform().start(() -> times.add(ask(site, end))));
        }
        for (Thread client : clients) {
            client.join();
        }
    }

    private static long[] ask(Site site, long end) {
        long[] nanos = new long[1024];
        int count = 0;
        try (KubernetesApiClient client = new KubernetesApiClient(site.kubernetesPort, 0)) {
            for (long begin = System.nanoTime(); begin < end;) {
                client.small();
                long now = System.nanoTime();
                if (count == nanos.length) {
                    nanos = Arrays.copyOf(nanos, 2 * count);
                }
                nanos[count++] = now - begin;
                begin = now;
            }
        } catch (IOException e) {
            System.out.println("a request failed: " + e.getMessage());
        }
        return Arrays.copyOf(nanos, count);
    }
}
