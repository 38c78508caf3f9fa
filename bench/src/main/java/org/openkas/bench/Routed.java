package org.openkas.bench;

import java.util.Arrays;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.openkas.testkit.TunnelAgent;

/** The same requests to an agent of the server's own and to one of another server: what the hop between servers costs. */
final class Routed {
    private static final long WARM_UP_NANOS = TimeUnit.SECONDS.toNanos(Integer.getInteger("openkas.bench.warmup", 10));
    private static final long RUN_NANOS = TimeUnit.SECONDS.toNanos(10);

    private Routed() {
    }

    static void run(Site site, int connections) throws Exception {
        try (Neighbour neighbour = site.neighbour()) {
            try (TunnelAgent _ = site.tunnels("grpc")) {
                measure("here", site, neighbour, connections);
            }
            try (TunnelAgent _ = neighbour.agent()) {
                measure("routed", site, neighbour, connections);
            }
        }
    }

    private static void measure(String what, Site site, Neighbour neighbour, int connections) throws Exception {
        Requests.load(site, connections, WARM_UP_NANOS, new ConcurrentLinkedQueue<>());
        ConcurrentLinkedQueue<long[]> times = new ConcurrentLinkedQueue<>();
        long front = site.figures.cpuMillis();
        long back = neighbour.figures().cpuMillis();
        Requests.load(site, connections, RUN_NANOS, times);
        front = site.figures.cpuMillis() - front;
        back = neighbour.figures().cpuMillis() - back;
        long[] nanos = times.stream().flatMapToLong(Arrays::stream).sorted().toArray();
        System.out.printf("%s, %d connections: %.0f/s, processor time each: %.0f us at the server that is asked, %.0f us at the other one;"
                + " p50 %.2f ms, p99 %.2f ms%n", what, connections, (double) nanos.length * 1e9 / RUN_NANOS, (double) front * 1e3 / nanos.length,
                (double) back * 1e3 / nanos.length, Requests.millis(nanos, 0.50), Requests.millis(nanos, 0.99));
    }
}
