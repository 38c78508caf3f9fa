package org.openkas.routing;

import io.grpc.Status;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.reversetunnel.AgentKey;
import org.openkas.reversetunnel.FindRequest;
import org.openkas.reversetunnel.Tunnel;
import org.openkas.tracing.Traced;

/**
 * Looks for the tunnel of one call, 20 seconds at most (chapter 04 §5.2, §5.7). A tunnel that is delivered has not been
 * used. Thread-safe.
 */
final class TunnelSearch {
    static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Status NOT_FOUND = Status.DEADLINE_EXCEEDED
            .withDescription("Agent connection not found. Is agent up to date and connected?");

    private final LocalAgentChannels.Surroundings surroundings;
    private final AgentKey agent;
    private final String service;
    private final String method;
    private final Consumer<Tunnel> found;
    private final Consumer<Status> failed;
    private final long began;
    private final FindRequest request;
    private final Optional<Traced> traced = Traced.current();
    private Timers.Cancellable timer = () -> {
    };
    private boolean over;

    /**
     * One of {@code found} and {@code failed} is told, unless the search is aborted.
     *
     * @param began when the call began to look for a tunnel; an earlier search may have delivered one that had ended
     */
    TunnelSearch(LocalAgentChannels.Surroundings surroundings, long began, AgentKey agent, String service, String method,
            Consumer<Tunnel> found, Consumer<Status> failed) {
        this.surroundings = surroundings;
        this.began = began;
        this.agent = agent;
        this.service = service;
        this.method = method;
        this.found = found;
        this.failed = failed;
        request = wish();
    }

    private FindRequest wish() {
        return new FindRequest(agent, service, method, new FindRequest.Answer() {
            @Override
            public void found(Tunnel tunnel) {
                if (finish()) {
                    found.accept(tunnel);
                } else {
                    tunnel.giveBack();
                }
            }

            @Override
            public void failed(Status status) {
                if (finish()) {
                    failed.accept(status);
                }
            }
        });
    }

    void begin() {
        surroundings.registry().find(request);
        synchronized (this) {
            if (!over) {
                timer = surroundings.timers().after(LIMIT.minusNanos(surroundings.timers().nanos() - began), this::timeOut);
                return;
            }
        }
        surroundings.registry().abort(request); // whoever ended the search may have been here before the request was
    }

    /** Ends the search; nobody is told. */
    void abort() {
        if (finish()) {
            surroundings.registry().abort(request);
            surroundings.metrics().aborted(surroundings.timers().nanos() - began);
        }
    }

    private void timeOut() {
        if (finish()) {
            surroundings.registry().abort(request);
            surroundings.metrics().timedOut();
            log().with("agent_id", agent.agentId()).with("grpc_service", service).with("grpc_method", method)
                    .with("error", "context deadline exceeded").error("Agent connection not found");
            failed.accept(NOT_FOUND);
        }
    }

    private Log log() {
        return traced.map(caller -> surroundings.log().with("trace_id", caller.span().context().id())).orElse(surroundings.log());
    }

    /** False if it had finished before. */
    private boolean finish() {
        Timers.Cancellable running;
        synchronized (this) {
            if (over) {
                return false;
            }
            over = true;
            running = timer;
        }
        running.cancel();
        return true;
    }
}
