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
final class ConfigurationReports implements AutoCloseable {
    private static final Duration LONGEST = Duration.ofSeconds(60);
    private static final int AT_ONCE = 16;
    private static final String FAILED = "Failed to notify GitLab of new agent configuration";

    private final AgentConfigurationReporter reporter;
    private final Timers timers;
    private final Executor executor;
    private final Semaphore permits = new Semaphore(AT_ONCE, true);
    /** Agents with a report on its way. */
    private final Map<Long, Lane> lanes = new HashMap<>();
    private volatile boolean closed;

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

    /** Reports soon; returns at once. After {@link #close}, not at all. */
    void submit(long agentId, String commitId, JsonNode file, Log log) {
        if (closed) {
            return;
        }
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
                failed(report.log().withError(e));
            } finally {
                permits.release();
            }
        }
    }

    private @Nullable Report next(Report done, Lane lane) {
        synchronized (lanes) {
            Report next = closed ? null : lane.next;
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
                    failed(report.log().withError(e));
                }
            } catch (InterruptedException e) {
                if (limit.passed()) {
                    failed(report.log().with("error", "no answer within " + LONGEST.toSeconds() + " s"));
                }
                // else the server stops
            }
        }
    }

    private void failed(Log line) {
        if (closed) {
            // the server stopped in the middle of it; the one that the agent goes to reports again
            line.debug(FAILED);
        } else {
            line.error(FAILED);
        }
    }

    /** What is on its way may still end; nothing more is sent, and a failure is no news to an operator any more. */
    @Override
    public void close() {
        closed = true;
    }
}
