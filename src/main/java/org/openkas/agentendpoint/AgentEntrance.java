package org.openkas.agentendpoint;

import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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

    /** Waits until all sessions have had their close frames, {@code limit} at most. */
    public void awaitSessionsClosed(Duration limit) throws InterruptedException {
        CountDownLatch gone = new CountDownLatch(1);
        for (SessionCarrier session : sessions) {
            session.whenClosed(() -> {
                if (sessions.isEmpty()) {
                    gone.countDown();
                }
            });
        }
        if (!sessions.isEmpty()) {
            gone.await(limit.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    Optional<Open> open() {
        return open;
    }

    void entered(SessionCarrier session) {
        sessions.add(session);
        session.whenClosed(() -> sessions.remove(session));
    }
}
