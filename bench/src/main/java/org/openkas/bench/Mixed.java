package org.openkas.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.openkas.testkit.KubernetesApiClient;
import org.openkas.testkit.TunnelAgent;

/** A minute of requests, watches, downloads that are broken off and uploads at once: descriptors, threads and failures. */
final class Mixed {
    private static final int WATCHES = 50;
    private static final int REQUESTS = 8;
    private static final int TRANSFERS = 2;
    private static final long UPLOAD = 4 << 20;
    private static final long DOWNLOAD = 4 << 20;

    private Mixed() {
    }

    static void run(Site site, String transport) throws Exception {
        AtomicInteger failures = new AtomicInteger();
        AtomicInteger transfers = new AtomicInteger();
        AtomicLong events = new AtomicLong();
        List<KubernetesApiClient> watches = new ArrayList<>();
        try (TunnelAgent agent = site.tunnels(transport)) {
            long descriptors = site.figures.descriptors();
            long threads = site.figures.threads();
            for (int i = 0; i < WATCHES; i++) {
                KubernetesApiClient client = new KubernetesApiClient(site.kubernetesPort, 0);
                watches.add(client);
                client.begin("/watch");
                Thread.ofVirtual().start(() -> drain(client, events));
            }
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            List<Thread> others = new ArrayList<>();
            for (int i = 0; i < TRANSFERS; i++) {
                others.add(Thread.ofPlatform().start(() -> transfer(site, end, transfers, failures)));
            }
            others.add(Thread.ofPlatform().start(() -> {
                while (System.nanoTime() < end) {
                    int _ = agent.event();
                    try {
                        Thread.sleep(100);
                    } catch (InterruptedException e) {
                        return;
                    }
                }
            }));
            ConcurrentLinkedQueue<long[]> times = new ConcurrentLinkedQueue<>();
            Requests.load(site, REQUESTS, TimeUnit.SECONDS.toNanos(60), times);
            for (Thread other : others) {
                other.join();
            }
            for (KubernetesApiClient client : watches) {
                client.close();
            }
            Thread.sleep(3_000);
            System.out.printf("mixed load of 60 s over %s: %d requests, %d transfers, %d MiB of events, %d failures; descriptors %d -> %d,"
                    + " threads %d -> %d, %d MiB resident%n", transport, times.stream().mapToLong(all -> all.length).sum(), transfers.get(),
                    events.get() >> 20, failures.get(), descriptors, site.figures.descriptors(), threads, site.figures.threads(),
                    site.figures.residentKib() >> 10);
        }
    }

    private static void transfer(Site site, long end, AtomicInteger transfers, AtomicInteger failures) {
        byte[] part = new byte[64 << 10];
        while (System.nanoTime() < end) {
            try (KubernetesApiClient up = new KubernetesApiClient(site.kubernetesPort, 0); KubernetesApiClient down = new KubernetesApiClient(site.kubernetesPort, 0)) {
                up.send(UPLOAD, part, new AtomicLong());
                down.begin("/bytes");
                for (long left = DOWNLOAD; left > 0;) {
                    left -= down.read(part);
                }
                transfers.addAndGet(2);
            } catch (IOException e) {
                failures.incrementAndGet();
                System.out.println("a transfer failed: " + e.getMessage());
            }
        }
    }

    private static void drain(KubernetesApiClient client, AtomicLong bytes) {
        byte[] part = new byte[16 << 10];
        try {
            while (true) {
                bytes.addAndGet(client.read(part));
            }
        } catch (IOException e) {
            // closed at the end
        }
    }
}
