package org.openkas.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.openkas.testkit.KubernetesApiClient;

/** Clients that ask for downloads without end and never read: what they cost, and whether others are served meanwhile. */
final class Stalled {
    private Stalled() {
    }

    static void run(Site site, String transport, int clients) throws Exception {
        try (AutoCloseable _ = site.agent(transport)) {
            double calm = p99(site);
            long before = site.figures.residentKib();
            long descriptors = site.figures.descriptors();
            List<KubernetesApiClient> stalled = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                KubernetesApiClient client = new KubernetesApiClient(site.kubernetesPort, 16 << 10);
                stalled.add(client);
                client.ask("/bytes");
            }
            Thread.sleep(10_000);
            double during = p99(site);
            long with = site.figures.residentKib();
            for (KubernetesApiClient client : stalled) {
                client.close();
            }
            Thread.sleep(20_000);
            System.out.printf("%d clients that never read, over %s: %.2f MiB each; others' p99 %.1f ms -> %.1f ms; RSS %d -> %d -> %d MiB after they left;"
                    + " descriptors %d -> %d%n", clients, transport, (double) (with - before) / 1024 / clients, calm, during, before >> 10, with >> 10,
                    site.figures.residentKib() >> 10, descriptors, site.figures.descriptors());
        }
    }

    private static double p99(Site site) throws Exception {
        ConcurrentLinkedQueue<long[]> times = new ConcurrentLinkedQueue<>();
        Requests.load(site, 4, TimeUnit.SECONDS.toNanos(10), times);
        long[] nanos = times.stream().flatMapToLong(Arrays::stream).sorted().toArray();
        return (double) nanos[(int) (0.99 * (nanos.length - 1))] / 1e6;
    }
}
