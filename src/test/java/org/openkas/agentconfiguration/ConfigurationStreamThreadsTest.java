package org.openkas.agentconfiguration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.openkas.agentconfiguration.ConfigurationBench.agent;

import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openkas.agentconfiguration.ConfigurationBench.Agent;
import org.openkas.common.LogLevel;
import org.openkas.proto.agentconfiguration.ConfigurationRequest;
import org.openkas.repository.Resolution;

@Timeout(20)
class ConfigurationStreamThreadsTest {
    private final ConfigurationBench bench = new ConfigurationBench();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final AtomicInteger running = new AtomicInteger();

    @BeforeEach
    void countThreads() {
        bench.executor = task -> threads.execute(() -> {
            running.incrementAndGet();
            try {
                task.run();
            } finally {
                running.decrementAndGet();
            }
        });
    }

    @AfterEach
    void close() {
        bench.close();
        threads.shutdownNow();
    }

    @Test
    @DisplayName("GB-16: an agent that leaves interrupts the look-up made for it, which is no error")
    void cancelInterruptsTheLookUp() {
        CountDownLatch asked = new CountDownLatch(1);
        AtomicBoolean interrupted = new AtomicBoolean();
        bench.agents = (_, _) -> {
            asked.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                interrupted.set(true);
                throw e;
            }
            return agent("main");
        };
        Agent agent = bench.agentAt("");
        await().until(() -> asked.getCount() == 0);
        agent.cancel();
        await().until(() -> running.get() == 0);
        assertThat(interrupted).isTrue();
        assertThat(bench.log.lines()).isEmpty();
        assertThat(bench.timers.pending()).isZero();
        assertThat(bench.age.waiting()).isZero();
    }

    @Test
    @DisplayName("GB-16: an agent that leaves interrupts the fetch made for it; it is still unregistered")
    void cancelInterruptsTheFetch() {
        CountDownLatch asked = new CountDownLatch(1);
        bench.reader = (_, _, _, _) -> {
            asked.countDown();
            new CountDownLatch(1).await();
            throw new AssertionError();
        };
        bench.watches.tell(new Resolution.Commit("c1"));
        Agent agent = bench.call(ConfigurationRequest.getDefaultInstance());
        await().until(() -> asked.getCount() == 0);
        assertThat(bench.tracker.connected).hasSize(1);
        agent.cancel();
        await().until(() -> running.get() == 0);
        assertThat(bench.tracker.connected).isEmpty();
        assertThat(bench.log.lines().stream().filter(line -> line.level() == LogLevel.ERROR)).isEmpty();
    }

    @Test
    @DisplayName("AG-30, GB-27: a slow report delays nothing, and is finished when the agent has gone")
    void slowReport() {
        CountDownLatch answered = new CountDownLatch(1);
        bench.reporting = () -> {
            try {
                answered.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        };
        bench.commit("c1", "");
        Agent agent = bench.agentAt("");
        await().until(() -> agent.commits().contains("c1"));
        bench.commit("c2", "");
        await().until(() -> agent.commits().contains("c2"));
        agent.cancel();
        await().until(() -> bench.watches.holds.isEmpty());
        assertThat(bench.reports).isEmpty();
        answered.countDown();
        await().until(() -> bench.reports.size() == 2);
        assertThat(bench.reports).containsExactly("42 c1 {}", "42 c2 {}");
    }

    @Test
    void waitingHoldsNoThread() {
        bench.commit("c1", "");
        var agents = IntStream.range(0, 2000).mapToObj(_ -> bench.agentAt("c1")).toList();
        await().until(() -> bench.watches.holds.size() == 2000 && running.get() == 0);
        bench.commit("c2", "");
        await().untilAsserted(() -> assertThat(agents).allMatch(agent -> agent.commits().contains("c2")));
        await().until(() -> running.get() == 0);
        bench.age.end();
        await().untilAsserted(() -> assertThat(agents).allMatch(agent -> agent.end.filter(Status.OK::equals).isPresent()));
        assertThat(bench.watches.holds).isEmpty();
    }

    @Test
    void nothingFollowsTheEnd() {
        bench.commit("c0", "");
        for (int i = 1; i <= 200; i++) {
            Agent agent = bench.agentAt("c" + (i - 1));
            Thread.startVirtualThread(bench.age::end);
            bench.commit("c" + i, "");
            await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(1)).until(() -> agent.end.isPresent());
            // a message after the end would have failed the call
            assertThat(agent.end).contains(Status.OK);
            bench.age.begin();
        }
        await().until(() -> running.get() == 0);
        assertThat(bench.watches.holds).isEmpty();
        assertThat(bench.log.lines().stream().filter(line -> line.level() == LogLevel.ERROR)).isEmpty();
    }
}
