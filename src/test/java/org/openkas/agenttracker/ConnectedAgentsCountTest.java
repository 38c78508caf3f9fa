package org.openkas.agenttracker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.openkas.testkit.Agents.connection;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.cluster.MemoryAgentTracker;
import org.openkas.common.AgentType;
import org.openkas.testkit.FailingTracker;
import org.openkas.testkit.FakeTimers;

class ConnectedAgentsCountTest {
    private final FakeTimers timers = new FakeTimers();
    private final MemoryAgentTracker tracker = new MemoryAgentTracker(timers, Duration.ofSeconds(300));

    @Test
    @DisplayName("counts agents, not connections, and leaves no timer behind")
    void counts() {
        ConnectedAgentsCount count = new ConnectedAgentsCount(tracker, Runnable::run, timers);
        assertThat(count.getAsDouble()).isZero();
        tracker.register(AgentType.AGENTK, connection(7, 5, 1), true);
        tracker.register(AgentType.AGENTK, connection(7, 5, 2), true);
        tracker.register(AgentType.AGENTK, connection(7, 6, 3), true);
        assertThat(count.getAsDouble()).isEqualTo(2);
        assertThat(timers.pending()).isZero();
    }

    @Test
    @DisplayName("is NaN when the shared state fails")
    void failure() {
        assertThat(new ConnectedAgentsCount(new FailingTracker(), Runnable::run, timers).getAsDouble()).isNaN();
    }

    @Test
    @DisplayName("is NaN after a second without an answer")
    void tooLate() throws Exception {
        ConnectedAgentsCount count = new ConnectedAgentsCount(tracker, neverRuns -> {
        }, timers);
        CompletableFuture<Double> value = new CompletableFuture<>();
        Thread scrape = Thread.ofVirtual().start(() -> value.complete(count.getAsDouble()));
        await().until(() -> timers.pending() == 1);
        timers.advance(Duration.ofMillis(999));
        assertThat(value).isNotDone();
        timers.advance(Duration.ofMillis(1));
        assertThat(value.get(5, TimeUnit.SECONDS)).isNaN();
        scrape.join();
    }
}
