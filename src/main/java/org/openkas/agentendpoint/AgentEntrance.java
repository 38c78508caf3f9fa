package org.openkas.agentendpoint;

import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.openkas.grpc.HandoffListener;

/**
 * Whether agents may come in through the application server's HTTP port, and to which server. Closed until the server runs
 * and again when it drains. Thread-safe.
 */
@ApplicationScoped
public class AgentEntrance {
    private final Set<SessionCarrier> sessions = ConcurrentHashMap.newKeySet();
    private volatile Optional<Open> open = Optional.empty();

    /** Where upgraded connections go. */
    record Open(HandoffListener listener, String serverName) {
    }

    /**
     * Lets agents in.
     *
     * @param listener takes their sessions
     * @param serverName the {@code Server} header of answers
     */
    public void open(HandoffListener listener, String serverName) {
        open = Optional.of(new Open(listener, serverName));
    }

    /** Lets nobody in any more; who is in stays. */
    public void close() {
        open = Optional.empty();
    }

    /** Whether no agent is in. */
    public boolean isEmpty() {
        return sessions.isEmpty();
    }

    /** Waits until all sessions have had their close frames, {@code limit} at most. */
    public void awaitSessionsClosed(Duration limit) throws InterruptedException {
        CompletableFuture<?>[] ends = sessions.stream().map(SessionCarrier::closed).toArray(CompletableFuture<?>[]::new);
        try {
            CompletableFuture.allOf(ends).get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            return; // peers that take nothing: the container drops them
        } catch (ExecutionException e) {
            throw new IllegalStateException("never completed with a failure", e);
        }
    }

    Optional<Open> open() {
        return open;
    }

    void entered(SessionCarrier session) {
        sessions.add(session);
        var _ = session.closed().thenRun(() -> sessions.remove(session));
    }
}
