package org.openkas.usagemetrics;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.gitlab.AgentEvent;
import org.openkas.gitlab.AgentEventReports;
import org.openkas.gitlab.GitLabException;
import org.openkas.usage.MemoryUsageEvents;
import org.openkas.usage.RegisteredAgent;
import org.openkas.usage.UsageEventsTaken;
import org.openkas.usage.UserInProject;

/**
 * Reports single uses for GitLab's analytics (chapter 02 §9.3). What GitLab did not take is reported again, with what came since. A
 * GitLab that is too old to take any is left alone for {@link #REST}, and nothing is kept for it meanwhile. For one thread at a time.
 */
public final class EventReporter {
    static final Duration REST = Duration.ofHours(24);
    private static final String REGISTRATIONS = "register_agent_at_kas";
    private static final String FAILED = "Failed to send usage events";

    private final MemoryUsageEvents events;
    private final AgentEventReports reports;
    private final Timers timers;
    private final Log log;
    private boolean resting;
    private long restSince;

    /** From now on events are kept. */
    public EventReporter(MemoryUsageEvents events, AgentEventReports reports, Timers timers, Log log) {
        this.events = events;
        this.reports = reports;
        this.timers = timers;
        this.log = log.with("mod_name", "usage_metrics");
        events.wanted(true);
    }

    /** Reports what there is, if there is something. Blocks for {@code patience} at most. */
    void report(Duration patience) throws InterruptedException {
        if (resting) {
            wakeUp();
            return;
        }
        UsageEventsTaken taken = events.take();
        if (taken.dropped() > 0) {
            log.with("dropped", taken.dropped()).warn("More usage events than are kept for one report: the rest was dropped");
        }
        if (taken.isEmpty()) {
            return;
        }
        try {
            reports.report(named(taken), patience);
        } catch (GitLabException e) {
            failed(e, taken);
        } catch (RuntimeException e) {
            events.putBack(taken);
            log.withError(e).error(FAILED);
        }
    }

    private void wakeUp() {
        if (timers.nanos() - restSince >= REST.toNanos()) {
            resting = false;
            events.wanted(true);
        }
    }

    private void failed(GitLabException failure, UsageEventsTaken taken) {
        if (failure.kind() == GitLabException.Kind.NOT_FOUND) {
            resting = true;
            restSince = timers.nanos();
            events.wanted(false);
            log.withError(failure).info("GitLab takes no usage events: none are sent for a day");
        } else {
            events.putBack(taken);
            failure.on(log).error(FAILED);
        }
    }

    private static Map<String, List<AgentEvent>> named(UsageEventsTaken taken) {
        Map<String, List<AgentEvent>> named = new TreeMap<>();
        taken.users().forEach((name, users) -> named.put(name, users.stream().map(EventReporter::event).toList()));
        if (!taken.registrations().isEmpty()) {
            named.put(REGISTRATIONS, taken.registrations().stream().map(EventReporter::event).toList());
        }
        return named;
    }

    private static AgentEvent event(UserInProject user) {
        return new AgentEvent(Map.of("user_id", user.userId(), "project_id", user.projectId()), Map.of());
    }

    /** Texts stand there also where the agent did not say them: GitLab has no other word for what it does not know. */
    private static AgentEvent event(RegisteredAgent agent) {
        return new AgentEvent(Map.of("project_id", agent.projectId(), "agent_id", agent.agentId()), Map.of("agent_version",
                agent.agentVersion(), "architecture", agent.architecture(), "kubernetes_version", agent.kubernetesVersion()));
    }
}
