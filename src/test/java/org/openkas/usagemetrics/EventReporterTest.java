package org.openkas.usagemetrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.common.LogLevel;
import org.openkas.gitlab.AgentEvent;
import org.openkas.gitlab.AgentEventReports;
import org.openkas.gitlab.GitLabException;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RecordedLog;
import org.openkas.usage.MemoryUsageEvents;
import org.openkas.usage.RegisteredAgent;

/** Chapter 02 §9.3. */
class EventReporterTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String CI = "k8s_api_proxy_requests_unique_users_via_ci_access";
    private static final String FAILED = "Failed to send usage events";
    private static final String UNWANTED = "GitLab takes no usage events: none are sent for a day";

    private final FakeTimers timers = new FakeTimers();
    private final RecordedLog log = new RecordedLog();
    private final MemoryUsageEvents events = new MemoryUsageEvents(timers);
    private final List<Map<String, List<AgentEvent>>> reports = new ArrayList<>();
    private AgentEventReports gitLab = (_, _) -> {
    };
    private final EventReporter reporter = new EventReporter(events, (all, patience) -> {
        assertThat(patience).isEqualTo(PATIENCE);
        reports.add(all);
        gitLab.report(all, patience);
    }, timers, log.log());

    private static AgentEvent user(long userId, long projectId) {
        return new AgentEvent(Map.of("user_id", userId, "project_id", projectId), Map.of());
    }

    private void refuse(int status) {
        gitLab = (_, _) -> {
            throw GitLabException.status(status, "/api/v4/internal/kubernetes/agent_events", "");
        };
    }

    @Test
    @DisplayName("who reached clusters and which agents registered, by the names that GitLab knows; nothing where there is nothing")
    void names() throws Exception {
        reporter.report(PATIENCE);
        assertThat(reports).isEmpty();
        events.see(CI, 7, 9);
        events.registered(new RegisteredAgent(9, 5, "v16.5.0", "arm64", "v1.29.2"), 1);
        reporter.report(PATIENCE);
        reporter.report(PATIENCE);
        assertThat(reports).containsExactly(Map.of(CI, List.of(user(7, 9)), "register_agent_at_kas",
                List.of(new AgentEvent(Map.of("project_id", 9L, "agent_id", 5L),
                        Map.of("agent_version", "v16.5.0", "architecture", "arm64", "kubernetes_version", "v1.29.2")))));
        assertThat(log.lines()).isEmpty();
    }

    @Test
    @DisplayName("NR-057: a GitLab that knows no such path costs one request and one line; after a day it is asked again")
    void tooOld() throws Exception {
        refuse(404);
        events.see(CI, 7, 9);
        reporter.report(PATIENCE);
        for (int hour = 0; hour < 23; hour++) {
            timers.advance(Duration.ofHours(1));
            events.see(CI, 8, 9);
            reporter.report(PATIENCE);
        }
        assertThat(reports).hasSize(1);
        assertThat(log.lines()).singleElement().satisfies(line -> {
            assertThat(line.message()).isEqualTo(UNWANTED);
            assertThat(line.level()).isEqualTo(LogLevel.INFO);
            assertThat(line.fields()).containsEntry("mod_name", "usage_metrics");
        });
        timers.advance(Duration.ofHours(1));
        reporter.report(PATIENCE);
        gitLab = (_, _) -> {
        };
        events.see(CI, 10, 9);
        reporter.report(PATIENCE);
        assertThat(reports).hasSize(2).last().isEqualTo(Map.of(CI, List.of(user(10, 9))));
    }

    @Test
    @DisplayName("what GitLab did not take is reported again, with what came since")
    void failure() throws Exception {
        for (int status : new int[]{400, 401, 403, 500}) {
            refuse(status);
            events.see(CI, 7, 9);
            reporter.report(PATIENCE);
        }
        assertThat(reports).hasSize(4);
        assertThat(log.lines(FAILED)).hasSize(4).allSatisfy(line -> assertThat(line.level()).isEqualTo(LogLevel.ERROR));
        gitLab = (_, _) -> events.see(CI, 9, 9);
        events.see(CI, 8, 9);
        reporter.report(PATIENCE);
        assertThat(reports.getLast().get(CI)).containsExactlyInAnyOrder(user(7, 9), user(8, 9));
        reporter.report(PATIENCE);
        assertThat(reports.getLast()).isEqualTo(Map.of(CI, List.of(user(9, 9))));
    }

    @Test
    @DisplayName("a report that fails in a way that nobody foresaw is repeated as well")
    void unexpected() throws Exception {
        gitLab = (_, _) -> {
            throw new IllegalStateException("broken");
        };
        events.see(CI, 7, 9);
        reporter.report(PATIENCE);
        reporter.report(PATIENCE);
        assertThat(reports).hasSize(2);
        assertThat(log.lines(FAILED)).hasSize(2);
    }

    @Test
    @DisplayName("what was dropped is said once for each report")
    void dropped() throws Exception {
        for (int user = 1; user <= 6_000; user++) {
            events.see(CI, user, 9);
        }
        reporter.report(PATIENCE);
        reporter.report(PATIENCE);
        assertThat(reports.getFirst().get(CI)).hasSize(5_000);
        assertThat(log.lines()).singleElement().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.WARN);
            assertThat(line.fields()).containsEntry("dropped", 1_000L);
        });
    }
}
