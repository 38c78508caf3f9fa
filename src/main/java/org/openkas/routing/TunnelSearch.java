package org.openkas.routing;

import io.grpc.Status;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.openkas.common.AgentType;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.reversetunnel.FindRequest;
import org.openkas.reversetunnel.Tunnel;

/**
 * Looks for the way of one call, 20 seconds at most (chapter 04 §5.2, §5.3, §5.7): a tunnel of this server, and, if there is none at
 * once, of the others as well; the first one counts. A way that is delivered has not been used. Thread-safe.
 */
final class TunnelSearch {
    static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Status NOT_FOUND = Status.DEADLINE_EXCEEDED
            .withDescription("Agent connection not found. Is agent up to date and connected?");

    private final Surroundings surroundings;
    private final Wanted wanted;
    private final Consumer<Way> found;
    private final Consumer<Status> failed;
    private final long began;
    private final FindRequest request;
    /** Only for a call that found no tunnel here. */
    private Optional<GatewaySearch> elsewhere = Optional.empty();
    private Timers.Cancellable timer = () -> {
    };
    private boolean over;

    /**
     * One of {@code found} and {@code failed} is told, unless the search is aborted.
     *
     * @param began when the call began to look for a tunnel; an earlier search may have delivered one that had ended
     */
    TunnelSearch(Surroundings surroundings, long began, Wanted wanted, Consumer<Way> found, Consumer<Status> failed) {
        this.surroundings = surroundings;
        this.began = began;
        this.wanted = wanted;
        this.found = found;
        this.failed = failed;
        request = wish();
    }

    private FindRequest wish() {
        return new FindRequest(wanted.agent(), wanted.service(), wanted.method(), new FindRequest.Answer() {
            @Override
            public void found(Tunnel tunnel) {
                if (finish()) {
                    elsewhere().ifPresent(GatewaySearch::abort);
                    found.accept(new TunnelWay(tunnel));
                } else {
                    tunnel.giveBack();
                }
            }

            @Override
            public void failed(Status status) {
                fail(status);
            }
        });
    }

    private boolean foundElsewhere() {
        if (!finish()) {
            return false;
        }
        surroundings.registry().abort(request);
        return true;
    }

    void begin() {
        surroundings.registry().find(request);
        boolean here;
        synchronized (this) {
            here = over;
            if (!over) {
                timer = surroundings.timers().after(LIMIT.minusNanos(surroundings.timers().nanos() - began), this::timeOut);
                // servers tell each other of agents by their ids alone
                elsewhere = surroundings.gateways().filter(_ -> wanted.agent().type() == AgentType.AGENTK)
                        .map(gateways -> gateways.search(wanted, this::foundElsewhere, found));
            }
        }
        if (here) {
            surroundings.registry().abort(request); // whoever ended the search may have been here before the request was
        } else {
            elsewhere().ifPresent(GatewaySearch::begin);
        }
    }

    /** Ends the search; nobody is told. */
    void abort() {
        if (finish()) {
            leave();
            surroundings.metrics().aborted(surroundings.timers().nanos() - began);
        }
    }

    private void timeOut() {
        if (finish()) {
            leave();
            surroundings.metrics().timedOut();
            log().with("agent_id", wanted.agent().agentId()).with("grpc_service", wanted.service()).with("grpc_method", wanted.method())
                    .with("error", "context deadline exceeded").error("Agent connection not found");
            failed.accept(NOT_FOUND);
        }
    }

    private Log log() {
        return wanted.traced().map(caller -> surroundings.log().with("trace_id", caller.span().context().id())).orElse(surroundings.log());
    }

    private void fail(Status status) {
        if (finish()) {
            leave();
            failed.accept(status);
        }
    }

    private void leave() {
        surroundings.registry().abort(request);
        elsewhere().ifPresent(GatewaySearch::abort);
    }

    private synchronized Optional<GatewaySearch> elsewhere() {
        return elsewhere;
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
