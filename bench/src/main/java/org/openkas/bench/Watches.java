package org.openkas.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.openkas.testkit.KubernetesApiClient;
import org.openkas.testkit.TunnelAgent;

/** Many watches on one agent, each of which gets each event: processor time of the server for one event to one watch. */
final class Watches {
    private static final int ROUNDS = 400;
    private static final int BYTES = 512;

    private Watches() {
    }

    static void run(Site site, String transport, int watches) throws Exception {
        List<KubernetesApiClient> clients = new ArrayList<>();
        AtomicLong bytes = new AtomicLong();
        try (TunnelAgent agent = site.tunnels(transport)) {
            long before = site.figures.residentKib();
            for (int i = 0; i < watches; i++) {
                KubernetesApiClient client = new KubernetesApiClient(site.kubernetesPort, 0);
                clients.add(client);
                client.begin("/watch");
                Thread.ofVirtual().start(() -> read(client, bytes));
            }
            rounds(agent, bytes, watches);
            long cpu = site.figures.cpuMillis();
            long begin = System.nanoTime();
            rounds(agent, bytes, watches);
            double seconds = (double) (System.nanoTime() - begin) / 1e9;
            cpu = site.figures.cpuMillis() - cpu;
            long events = (long) ROUNDS * watches;
            System.out.printf("%d watches over %s: %.0f events/s, %.0f us of processor time each, %.0f KiB resident a watch%n", watches, transport,
                    (double) events / seconds, (double) cpu * 1e3 / events, (double) (site.figures.residentKib() - before) / watches);
            for (KubernetesApiClient client : clients) {
                client.close();
            }
        }
    }

    private static void rounds(TunnelAgent agent, AtomicLong bytes, int watches) throws InterruptedException {
        for (int i = 0; i < ROUNDS; i++) {
            long expected = bytes.get() + (long) watches * BYTES;
            if (agent.event() != watches) {
                throw new IllegalStateException("a watch was lost");
            }
            while (bytes.get() < expected) {
                Thread.sleep(0, 200_000);
            }
        }
    }

    private static void read(KubernetesApiClient client, AtomicLong bytes) {
        byte[] part = new byte[16 << 10];
        try {
            while (true) {
                int read = client.read(part);
                long payload = 0;
                for (int i = 0; i < read; i++) {
                    // events are zeros, their framing is text
                    payload += part[i] == 0 ? 1 : 0;
                }
                bytes.addAndGet(payload);
            }
        } catch (IOException e) {
            // closed at the end
        }
    }
}
