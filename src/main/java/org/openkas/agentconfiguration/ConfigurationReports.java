package org.openkas.agentconfiguration;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.gitlab.AgentConfigurationReporter;
import org.openkas.gitlab.GitLabException;

/**
 * Tells GitLab what agents were given (chapter 01 §5.2.5), apart from the streams: it neither delays them nor ends with
 * them. Reports about one agent go out one after the other, so that an old one never overtakes a new one, and only the
 * newest waits. Thread-safe.
 */
final class ConfigurationReports {
    private static final Duration LONGEST = Duration.ofSeconds(60);
    private static final int AT_ONCE = 16;

    private final AgentConfigurationReporter reporter;
    private final Timers timers;
    private final Executor executor;
    private final Semaphore permits = new Semaphore(AT_ONCE, true);
    /** Agents with a report on its way. */
    private final Map<Long, Lane> lanes = new HashMap<>();

    private static final class Lane {
        private @Nullable Report next;
    }

    private record Report(long agentId, String commitId, JsonNode file, Log log) {
    }

    ConfigurationReports(AgentConfigurationReporter reporter, Timers timers, Executor executor) {
        this.reporter = reporter;
        this.timers = timers;
        this.executor = executor;
    }

    /** Reports soon; returns at once. */
    void submit(long agentId, String commitId, JsonNode file, Log log) {
        Report report = new Report(agentId, commitId, file, log);
        Lane lane = new Lane();
        synchronized (lanes) {
            Lane busy = lanes.putIfAbsent(agentId, lane);
            if (busy != null) {
                busy.next = report;
                return;
            }
        }
        executor.execute(() -> run(report, lane));
    }

    private void run(Report first, Lane lane) {
        for (Report report = first; report != null; report = next(report, lane)) {
            permits.acquireUninterruptibly();
            try {
                send(report);
            } catch (RuntimeException e) {
                report.log().withError(e).error("Failed to notify GitLab of new agent configuration");
            } finally {
                permits.release();
            }
        }
    }

    private @Nullable Report next(Report done, Lane lane) {
        synchronized (lanes) {
            Report next = lane.next;
            lane.next = null;
            if (next == null) {
                lanes.remove(done.agentId());
            }
            return next;
        }
    }

    private void send(Report report) {
        try (TimeLimit limit = new TimeLimit(timers, LONGEST)) {
            try {
                reporter.report(report.agentId(), report.commitId(), report.file());
            } catch (GitLabException e) {
                if (e.kind() == GitLabException.Kind.NOT_FOUND) {
                    report.log().withError(e).debug("Failed to notify GitLab of new agent configuration. Deleted agent?");
                } else {
                    report.log().withError(e).error("Failed to notify GitLab of new agent configuration");
                }
            } catch (InterruptedException e) {
                if (limit.passed()) {
                    report.log().with("error", "no answer within " + LONGEST.toSeconds() + " s")
                            .error("Failed to notify GitLab of new agent configuration");
                }
                // else the server stops
            }
        }
    }
}
