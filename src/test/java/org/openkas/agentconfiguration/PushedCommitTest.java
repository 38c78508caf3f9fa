package org.openkas.agentconfiguration;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.agentconfiguration.ConfigurationBench.Agent;
import org.openkas.repository.PollingRefWatches;
import org.openkas.repository.Repository;
import org.openkas.repository.RepositoryReader;
import org.openkas.repository.Resolution;

/** The service on the pollers that the server has. */
class PushedCommitTest {
    private static final Duration PERIOD = Duration.ofMinutes(5);

    private final ConfigurationBench bench = new ConfigurationBench();
    private final AtomicInteger polls = new AtomicInteger();
    private String commit = "c1";

    @BeforeEach
    void poll() {
        bench.files.put("c1", "");
        bench.files.put("c2", "");
        bench.refWatches = new PollingRefWatches(new RepositoryReader() {
            @Override
            public Resolution resolve(Repository repository, String ref) {
                polls.incrementAndGet();
                return new Resolution.Commit(commit);
            }

            @Override
            public void read(Repository repository, String revision, String path, long maximumSize, Chunks chunks) {
                throw new UnsupportedOperationException();
            }

            @Override
            public void walk(Repository repository, String revision, String directory, boolean recursive, Visitor visitor) {
                throw new UnsupportedOperationException();
            }
        }, PollingRefWatches.Pace.ofConfigurations(PERIOD), bench.timers, new Random(1), Runnable::run, bench.log.log());
    }

    @AfterEach
    void close() {
        bench.close();
    }

    @Test
    @DisplayName("AG-31: a push makes the poller look at once; all agents of the project get the commit within a second from one look")
    void pushed() {
        Agent one = bench.agentAt("c1");
        Agent two = bench.agentAt("c1");
        bench.timers.advance(Duration.ofSeconds(30));
        int before = polls.get();
        commit = "c2";
        bench.timers.advance(Duration.ofSeconds(1));
        assertThat(one.responses).as("without a push nobody looks before the period is over").isEmpty();
        bench.pushes.push("Group/Project");
        bench.timers.advance(Duration.ofSeconds(1));
        assertThat(one.responses).as("another project's push").isEmpty();

        bench.pushes.push(ConfigurationBench.PATH);
        bench.timers.advance(Duration.ofSeconds(1));
        assertThat(one.commits()).containsExactly("c2");
        assertThat(two.commits()).containsExactly("c2");
        assertThat(polls.get() - before).isEqualTo(1);
        assertThat(one.end).isEmpty();
    }

    @Test
    @DisplayName("AG-31: a push without a new commit sends nothing")
    void pushedElsewhere() {
        Agent agent = bench.agentAt("c1");
        bench.timers.advance(Duration.ofSeconds(30));
        int before = polls.get();
        bench.pushes.push(ConfigurationBench.PATH);
        bench.timers.advance(Duration.ofSeconds(1));
        assertThat(polls.get() - before).isEqualTo(1);
        assertThat(agent.responses).isEmpty();
        assertThat(agent.end).isEmpty();
    }
}
