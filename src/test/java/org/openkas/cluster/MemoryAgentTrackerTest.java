package org.openkas.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.openkas.common.AgentType.AGENTK;
import static org.openkas.testkit.Agents.connection;

import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.testkit.FakeTimers;

class MemoryAgentTrackerTest extends AgentTrackerContract {
    private final FakeTimers timers = new FakeTimers();
    private final MemoryAgentTracker tracker = new MemoryAgentTracker(timers, TTL);

    @Override
    AgentTracker tracker() {
        return tracker;
    }

    @Override
    void advance(Duration by) {
        timers.advance(by);
    }

    @Test
    @DisplayName("an unrefreshed record lives for the time to live and a minute")
    void exactLife() {
        tracker.register(AGENTK, connection(7, 5, 1), false);
        timers.advance(Duration.ofSeconds(360).minusNanos(1));
        assertThat(tracker.byAgent(5)).hasSize(1);
        timers.advance(Duration.ofNanos(1));
        assertThat(tracker.byAgent(5)).isEmpty();
        assertThat(tracker.connectedAgents()).isZero();
    }

    @Test
    @DisplayName("a time to live below the agents' period does not make them blink")
    void shortTtl() {
        MemoryAgentTracker brief = new MemoryAgentTracker(timers, Duration.ofSeconds(30));
        brief.register(AGENTK, connection(7, 5, 1), false);
        timers.advance(Duration.ofSeconds(330));
        assertThat(brief.byAgent(5)).hasSize(1);
    }

    @Test
    @DisplayName("renewing a record moves it behind younger ones, so that neither outlives its time")
    void renewalOrder() {
        tracker.register(AGENTK, connection(7, 5, 1), false);
        timers.advance(Duration.ofSeconds(100));
        tracker.register(AGENTK, connection(7, 6, 2), false);
        timers.advance(Duration.ofSeconds(100));
        tracker.register(AGENTK, connection(7, 5, 1), false);
        timers.advance(Duration.ofSeconds(260));
        assertThat(tracker.all()).containsExactly(connection(7, 5, 1));
    }

    @Test
    @DisplayName("a record that becomes refreshed no longer expires, and one that ceases to be does")
    void changeOfRefreshing() {
        tracker.register(AGENTK, connection(7, 5, 1), false);
        tracker.register(AGENTK, connection(7, 5, 1), true);
        timers.advance(Duration.ofHours(1));
        assertThat(tracker.all()).hasSize(1);
        tracker.register(AGENTK, connection(7, 5, 1), false);
        timers.advance(Duration.ofHours(1));
        assertThat(tracker.all()).isEmpty();
    }
}
