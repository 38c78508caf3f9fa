package org.openkas.gitlab;

import io.grpc.Status;
import io.grpc.StatusException;
import java.util.Optional;
import org.openkas.common.AgentToken;
import org.openkas.common.Log;
import org.openkas.tracing.Traced;

/**
 * Looks agents up for gRPC services: what GitLab says becomes the status that agents know (chapter 01 §4.1, chapter 02 §2.12),
 * and a failure that the operator has to mend becomes one line. Thread-safe.
 */
public final class AgentLookup implements AgentIdentification {
    private final AgentInfoSource source;

    /** Asks this source. */
    public AgentLookup(AgentInfoSource source) {
        this.source = source;
    }

    @Override
    public Optional<AgentInfo> known(AgentToken token) {
        Optional<AgentInfo> agent = source.known(token);
        agent.ifPresent(AgentLookup::trace);
        return agent;
    }

    @Override
    public AgentInfo identify(AgentToken token, Log log) throws StatusException, InterruptedException {
        try {
            AgentInfo agent = source.agentInfo(token);
            trace(agent);
            return agent;
        } catch (GitLabException e) {
            if (e.kind() == GitLabException.Kind.UNAVAILABLE && e.firstReport()) {
                report(e, log);
            }
            throw status(e).asException();
        }
    }

    private static void trace(AgentInfo agent) {
        Traced.attribute("agent_id", agent.agentId());
    }

    /** How a call ends whose caller gave up. */
    public static final Status CANCELLED = Status.CANCELLED.withDescription("context canceled");

    /** Whether a look-up that ended so may succeed later. */
    public static boolean retriable(Status status) {
        return status.getCode() == Status.Code.UNAVAILABLE;
    }

    /** Writes the line that operators search for when agents cannot connect. */
    static void report(GitLabException failure, Log log) {
        failure.on(log).error("GetAgentInfo()");
    }

    private static Status status(GitLabException failure) {
        return switch (failure.kind()) {
            case UNAUTHORIZED -> Status.UNAUTHENTICATED.withDescription("unauthenticated");
            case FORBIDDEN -> Status.PERMISSION_DENIED.withDescription("forbidden");
            case NOT_FOUND -> Status.NOT_FOUND.withDescription("agent not found");
            case UNAVAILABLE -> Status.UNAVAILABLE.withDescription("unavailable");
        };
    }
}
