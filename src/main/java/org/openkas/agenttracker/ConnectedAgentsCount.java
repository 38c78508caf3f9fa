package org.openkas.agenttracker;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.DoubleSupplier;
import org.openkas.cluster.AgentTracker;
import org.openkas.cluster.TrackerException;
import org.openkas.common.Timers;

/**
 * The value of the gauge {@code connected_agents_count}: how many different agents are connected, to any server of the
 * cluster (chapter 04 §8.5). Asking takes a second at most; a tracker that fails or takes longer gives NaN. Thread-safe.
 */
public final class ConnectedAgentsCount implements DoubleSupplier {
    /** The gauge's name. */
    public static final String NAME = "connected_agents_count";
    private static final Duration LIMIT = Duration.ofSeconds(1);

    private final AgentTracker tracker;
    private final Executor executor;
    private final Timers timers;

    /** @param executor runs the question beside the scrape, on a thread that may block */
    public ConnectedAgentsCount(AgentTracker tracker, Executor executor, Timers timers) {
        this.tracker = tracker;
        this.executor = executor;
        this.timers = timers;
    }

    @Override
    public double getAsDouble() {
        CompletableFuture<Double> count = new CompletableFuture<>();
        executor.execute(() -> count.complete(count()));
        Timers.Cancellable limit = timers.after(LIMIT, () -> count.complete(Double.NaN));
        try {
            return count.join();
        } finally {
            limit.cancel();
        }
    }

    private double count() {
        try {
            return tracker.connectedAgents();
        } catch (TrackerException | RuntimeException e) {
            return Double.NaN;
        }
    }
}
