package org.openkas.usagemetrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openkas.common.LogLevel;
import org.openkas.gitlab.AgentEvent;
import org.openkas.gitlab.GitLabException;
import org.openkas.gitlab.UsageReports;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RecordedLog;
import org.openkas.usage.MemoryUsageCounters;
import org.openkas.usage.MemoryUsageEvents;
import org.openkas.usage.UsageSnapshot;

@Timeout(30)
class UsageReporterTest {
    private static final Duration PERIOD = Duration.ofMinutes(1);

    private final FakeTimers timers = new FakeTimers();
    private final RecordedLog log = new RecordedLog();
    private final MemoryUsageCounters counters = new MemoryUsageCounters();
    private final MemoryUsageEvents events = new MemoryUsageEvents(timers);
    private final List<Map<String, List<AgentEvent>>> eventReports = new CopyOnWriteArrayList<>();
    private final List<UsageSnapshot> reports = new CopyOnWriteArrayList<>();
    private final List<Duration> patience = new CopyOnWriteArrayList<>();
    private volatile UsageReports gitLab = (_, _, _) -> {
    };
    private final UsageReporter reporter = new UsageReporter(counters, (counts, ids, time) -> {
        reports.add(new UsageSnapshot(counts, ids));
        patience.add(time);
        gitLab.report(counts, ids, time);
    }, new EventReporter(events, (sent, time) -> {
        eventReports.add(sent);
        patience.add(time);
    }, timers, log.log()), PERIOD, timers, log.log());

    private static UsageSnapshot snapshot(Map<String, Long> counts, Map<String, Set<Long>> ids) {
        return new UsageSnapshot(counts, ids);
    }

    @Test
    @DisplayName("GB-56: a report a period, of what was used since the last; none where nothing was")
    void periods() {
        reporter.start();
        counters.add("syncs");
        counters.add("syncs");
        counters.see("users", 7);
        counters.see("users", 7);
        timers.advance(PERIOD.minusMillis(1));
        assertThat(reports).isEmpty();
        timers.advance(Duration.ofMillis(1));
        assertThat(reports).containsExactly(snapshot(Map.of("syncs", 2L), Map.of("users", Set.of(7L))));
        timers.advance(PERIOD);
        assertThat(reports).hasSize(1);
        counters.see("users", 7);
        timers.advance(PERIOD);
        assertThat(reports).hasSize(2).last().isEqualTo(snapshot(Map.of(), Map.of("users", Set.of(7L))));
    }

    @Test
    @DisplayName("GB-57, CO-43: what GitLab did not take is reported again, with what came since, and only what it took is forgotten")
    void failure() {
        reporter.start();
        counters.add("syncs");
        counters.see("users", 7);
        gitLab = (_, _, _) -> {
            counters.add("syncs");
            throw GitLabException.status(500, "/api/v4/internal/kubernetes/usage_metrics", "");
        };
        timers.advance(PERIOD);
        assertThat(reports).hasSize(1);
        assertThat(log.lines("Failed to send usage data")).singleElement().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.ERROR);
            assertThat(line.fields()).containsEntry("mod_name", "usage_metrics").containsEntry("error",
                    "HTTP status code: 500 for path /api/v4/internal/kubernetes/usage_metrics").containsKey("remedy");
        });
        gitLab = (_, _, _) -> {
            counters.add("syncs");
            counters.see("users", 8);
        };
        timers.advance(PERIOD);
        assertThat(reports).hasSize(2).last().isEqualTo(snapshot(Map.of("syncs", 2L), Map.of("users", Set.of(7L))));
        timers.advance(PERIOD);
        assertThat(reports).hasSize(3).last().isEqualTo(snapshot(Map.of("syncs", 1L), Map.of("users", Set.of(8L))));
    }

    @Test
    @DisplayName("A report that fails in a way that nobody foresaw does not stop later ones")
    void unexpected() {
        reporter.start();
        counters.add("syncs");
        gitLab = (_, _, _) -> {
            throw new IllegalStateException("broken");
        };
        timers.advance(PERIOD);
        timers.advance(PERIOD);
        assertThat(reports).hasSize(2);
        assertThat(log.lines("Failed to send usage data")).hasSize(2);
    }

    @Test
    @DisplayName("GB-57: a last report, within 5 s, when the server stops; then none any more")
    void last() {
        reporter.start();
        counters.add("syncs");
        reporter.close();
        assertThat(reports).containsExactly(snapshot(Map.of("syncs", 1L), Map.of()));
        assertThat(patience).containsExactly(Duration.ofSeconds(5));
        counters.add("syncs");
        timers.advance(PERIOD.multipliedBy(2));
        reporter.close();
        assertThat(reports).hasSize(1);
    }

    @Test
    @DisplayName("Chapter 02 §9.3: single uses go along with each report, and with the last one, in the same five seconds")
    void events() {
        reporter.start();
        events.see("users", 7, 9);
        timers.advance(PERIOD);
        assertThat(eventReports)
                .containsExactly(Map.of("users", List.of(new AgentEvent(Map.of("user_id", 7L, "project_id", 9L), Map.of()))));
        assertThat(reports).isEmpty();
        counters.add("syncs");
        events.see("users", 8, 9);
        patience.clear();
        gitLab = (_, _, _) -> timers.advance(Duration.ofSeconds(2));
        reporter.close();
        assertThat(eventReports).hasSize(2);
        assertThat(patience).containsExactly(Duration.ofSeconds(5), Duration.ofSeconds(3));
    }

    @Test
    @DisplayName("Chapter 02 §9.3: single uses are reported also where GitLab does not take the counters")
    void eventsDespiteFailure() {
        reporter.start();
        counters.add("syncs");
        events.see("users", 7, 9);
        gitLab = (_, _, _) -> {
            throw GitLabException.status(500, "/p", "");
        };
        timers.advance(PERIOD);
        assertThat(reports).hasSize(1);
        assertThat(eventReports).hasSize(1);
    }

    @Test
    @DisplayName("A report on its way when the server stops is not given up too early, and not repeated")
    void lastWhileReporting() throws Exception {
        reporter.start();
        counters.add("syncs");
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch answer = new CountDownLatch(1);
        gitLab = (_, _, _) -> {
            begun.countDown();
            answer.await();
        };
        Thread period = Thread.ofVirtual().start(() -> timers.advance(PERIOD));
        begun.await();
        Thread close = Thread.ofVirtual().start(reporter::close);
        while (close.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        answer.countDown();
        period.join();
        close.join();
        assertThat(reports).hasSize(1);
    }
}
