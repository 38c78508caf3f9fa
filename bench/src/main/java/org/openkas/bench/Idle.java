package org.openkas.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openkas.testkit.ConfiguredAgent;
import org.openkas.testkit.Surroundings;

/** Memory of waiting agents, and what it costs to connect one. */
final class Idle {
    private static final int SETTLE_SECONDS = 15;
    private static final int AT_ONCE = 50;

    private Idle() {
    }

    static void run(Site site, String transport, int agents) throws Exception {
        try (ConfiguredAgent first = new ConfiguredAgent(transport, site.port(transport), Surroundings.token(0), 0)) {
            first.configured().get(30, TimeUnit.SECONDS);
        }
        Thread.sleep(TimeUnit.SECONDS.toMillis(SETTLE_SECONDS));
        long before = site.figures.residentKib();
        long cpu = site.figures.cpuMillis();
        List<ConfiguredAgent> all = new ArrayList<>();
        long begin = System.nanoTime();
        for (int i = 0; i < agents; i++) {
            all.add(new ConfiguredAgent(transport, site.port(transport), Surroundings.token(0), 2));
            if (i >= AT_ONCE) {
                all.get(i - AT_ONCE).configured().get(60, TimeUnit.SECONDS);
            }
        }
        for (ConfiguredAgent agent : all) {
            agent.configured().get(60, TimeUnit.SECONDS);
        }
        double seconds = (double) (System.nanoTime() - begin) / 1e9;
        double perConnect = (double) (site.figures.cpuMillis() - cpu) / agents;
        Thread.sleep(TimeUnit.SECONDS.toMillis(SETTLE_SECONDS));
        long with = site.figures.residentKib();
        all.forEach(ConfiguredAgent::close);
        Thread.sleep(TimeUnit.SECONDS.toMillis(SETTLE_SECONDS));
        long after = site.figures.residentKib();
        System.out.printf("idle %-4s %5d agents, 3 streams each: %.1f KiB an agent; %.2f ms of processor to connect one; all in %.1f s;"
                + " RSS %d -> %d -> %d MiB after they left%n", transport, agents, (double) (with - before) / agents, perConnect, seconds, before >> 10,
                with >> 10, after >> 10);
    }
}
