package org.openkas.reversetunnel;

import io.grpc.Status;
import io.grpc.StatusException;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import org.openkas.common.AgentToken;
import org.openkas.common.Backoff;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.gitlab.AgentInfo;
import org.openkas.gitlab.AgentLookup;
import org.openkas.tracing.Traced;

/**
 * Finds out whose stream it is, as often as it takes (chapter 04 §2.4). Holds no thread between attempts, and none after it
 * was stopped. Thread-safe.
 */
final class AgentSearch {
    private static final Backoff.Policy RETRY = Backoff.Policy.doubling(Duration.ofMillis(20), Duration.ofMillis(100),
            Duration.ofSeconds(10));

    private final ConnectStream.Parts parts;
    private final AgentToken token;
    private final Log log;
    private final Consumer<AgentInfo> found;
    private final Consumer<Status> failed;
    private final Backoff backoff;
    private final Executor executor;
    private Timers.Cancellable next = () -> {
    };
    private boolean stopped;

    /** One of {@code found} and {@code failed} is told, unless the search is stopped. */
    AgentSearch(ConnectStream.Parts parts, AgentToken token, Log log, Consumer<AgentInfo> found, Consumer<Status> failed) {
        this.parts = parts;
        this.token = token;
        this.log = log;
        this.found = found;
        this.failed = failed;
        backoff = RETRY.begin(parts.timers(), parts.random());
        executor = Traced.bound(parts.executor());
    }

    void attempt() {
        FutureTask<Void> task = new FutureTask<>(this::lookUp, null);
        synchronized (this) {
            if (stopped) {
                return;
            }
            next = () -> task.cancel(true);
        }
        executor.execute(task);
    }

    /** Interrupts what runs. */
    synchronized void stop() {
        stopped = true;
        next.cancel();
    }

    private void lookUp() {
        try {
            AgentInfo agent = parts.agents().identify(token, log);
            if (over()) {
                found.accept(agent);
            }
        } catch (StatusException e) {
            if (AgentLookup.retriable(e.getStatus())) {
                retry();
            } else if (over()) {
                failed.accept(e.getStatus());
            }
        } catch (InterruptedException e) {
            if (over()) {
                failed.accept(AgentLookup.CANCELLED);
            }
        } catch (RuntimeException | Error e) { // the stream would stay open for ever
            log.withError(e).error("ReverseTunnel: unexpected failure");
            if (over()) {
                failed.accept(Status.INTERNAL.withDescription("ReverseTunnel: unexpected failure"));
            }
        }
    }

    private synchronized void retry() {
        if (!stopped) {
            next = parts.timers().after(backoff.next(), this::attempt);
        }
    }

    /** Ends the search so that nobody interrupts what follows; false if it had ended. */
    private synchronized boolean over() {
        boolean first = !stopped;
        stopped = true;
        next = () -> {
        };
        return first;
    }
}
