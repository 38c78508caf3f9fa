package org.openkas.agentconfiguration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openkas.common.LogLevel;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RecordedLog;

@Timeout(20)
class ConfigurationReportsTest {
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final FakeTimers timers = new FakeTimers();
    private final RecordedLog log = new RecordedLog();

    @AfterEach
    void close() {
        threads.shutdownNow();
    }

    private void submit(ConfigurationReports reports, long agentId, String commit) {
        reports.submit(agentId, commit, JsonNodeFactory.instance.objectNode(), log.log());
    }

    @Test
    void oneAtATimePerAgentAndOnlyTheNewestWaits() {
        List<String> begun = new CopyOnWriteArrayList<>();
        Semaphore answers = new Semaphore(0);
        ConfigurationReports reports = new ConfigurationReports((_, commit, _) -> {
            begun.add(commit);
            answers.acquire();
        }, timers, threads);
        submit(reports, 1, "a");
        await().until(() -> begun.contains("a"));
        submit(reports, 1, "b");
        submit(reports, 1, "c");
        submit(reports, 2, "other");
        await().until(() -> begun.contains("other"));
        assertThat(begun).containsExactly("a", "other");
        answers.release(3);
        await().until(() -> begun.contains("c"));
        assertThat(begun).containsExactly("a", "other", "c");
        // the lane is free again
        answers.release(10);
        await().until(() -> timers.pending() == 0);
        submit(reports, 1, "d");
        await().until(() -> begun.contains("d"));
    }

    @Test
    void notMoreThanSixteenAtATime() {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicInteger done = new AtomicInteger();
        CountDownLatch answers = new CountDownLatch(1);
        ConfigurationReports reports = new ConfigurationReports((_, _, _) -> {
            most.accumulateAndGet(running.incrementAndGet(), Math::max);
            answers.await();
            running.decrementAndGet();
            done.incrementAndGet();
        }, timers, threads);
        for (int i = 0; i < 100; i++) {
            submit(reports, i, "c");
        }
        await().until(() -> running.get() == 16);
        answers.countDown();
        await().until(() -> done.get() == 100);
        assertThat(most).hasValue(16);
    }

    @Test
    void givesUpAfterAMinute() {
        CountDownLatch begun = new CountDownLatch(1);
        List<String> taken = new CopyOnWriteArrayList<>();
        ConfigurationReports reports = new ConfigurationReports((_, commit, _) -> {
            if (commit.equals("slow")) {
                begun.countDown();
                new CountDownLatch(1).await();
            }
            taken.add(commit);
        }, timers, threads);
        submit(reports, 1, "slow");
        await().until(() -> begun.getCount() == 0);
        submit(reports, 1, "next");
        timers.advance(Duration.ofSeconds(60).minusMillis(1));
        assertThat(log.lines()).isEmpty();
        timers.advance(Duration.ofMillis(1));
        await().until(() -> taken.contains("next"));
        assertThat(log.lines("Failed to notify GitLab of new agent configuration")).singleElement()
                .satisfies(line -> assertThat(line.fields()).containsEntry("error", "no answer within 60 s"));
    }

    @Test
    void aBrokenReporterStopsNothing() {
        List<String> taken = new CopyOnWriteArrayList<>();
        ConfigurationReports reports = new ConfigurationReports((_, commit, _) -> {
            taken.add(commit);
            throw new IllegalStateException("broken");
        }, timers, Runnable::run);
        submit(reports, 1, "a");
        submit(reports, 1, "b");
        assertThat(taken).containsExactly("a", "b");
        assertThat(log.lines("Failed to notify GitLab of new agent configuration")).hasSize(2);
    }

    @Test
    @DisplayName("CO-39: a report that the end of the server cuts off is no error, and those that wait are not begun")
    void endOfTheServer() throws Exception {
        List<String> begun = new CopyOnWriteArrayList<>();
        Semaphore ends = new Semaphore(0);
        ConfigurationReports reports = new ConfigurationReports((_, commit, _) -> {
            begun.add(commit);
            ends.acquire();
            throw new RejectedExecutionException("the executor has ended");
        }, timers, threads);
        submit(reports, 1, "a");
        await().until(() -> begun.contains("a"));
        submit(reports, 1, "b");
        reports.close();
        threads.shutdown();
        submit(reports, 2, "c");
        ends.release(3);
        assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
        assertThat(begun).containsExactly("a");
        assertThat(log.lines("Failed to notify GitLab of new agent configuration")).singleElement()
                .satisfies(line -> assertThat(line.level()).isEqualTo(LogLevel.DEBUG));
    }
}
