package org.openkas.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openkas.testkit.ConfiguredAgent;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.Surroundings;

/** All agents vanish at once and come back at once, several times. */
final class Churn {
    private static final int ROUNDS = 4;

    private Churn() {
    }

    static void run(Site site, String transport, int agents) throws Exception {
        List<ConfiguredAgent> all = List.of();
        for (int round = 1; round <= ROUNDS; round++) {
            all.forEach(ConfiguredAgent::close);
            long polls = site.gitaly.calls().size();
            long lookUps = site.gitLab.requests(FakeGitLab.OLD_AGENT_INFO).size();
            List<ConfiguredAgent> now = new ArrayList<>();
            long begin = System.nanoTime();
            for (int i = 0; i < agents; i++) {
                now.add(new ConfiguredAgent(transport, site.port(transport), Surroundings.token(i), 2));
            }
            int configured = 0;
            for (ConfiguredAgent agent : now) {
                try {
                    agent.configured().get(60, TimeUnit.SECONDS);
                    configured++;
                } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
                    System.out.println("    no configuration: " + e.getMessage());
                }
            }
            System.out.printf("churn %s round %d: %d of %d configured after %.1f s; %d calls to Gitaly, %d look-ups; RSS %d MiB%n", transport, round,
                    configured, agents, (double) (System.nanoTime() - begin) / 1e9, site.gitaly.calls().size() - polls,
                    site.gitLab.requests(FakeGitLab.OLD_AGENT_INFO).size() - lookUps, site.figures.residentKib() >> 10);
            all = now;
            Thread.sleep(3000);
        }
        all.forEach(ConfiguredAgent::close);
    }
}
