package org.openkas.agenttracker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.openkas.common.AgentType.AGENTK;
import static org.openkas.common.AgentType.AGENTW;
import static org.openkas.testkit.Agents.connection;

import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openkas.cluster.AgentTracker;
import org.openkas.cluster.MemoryAgentTracker;
import org.openkas.cluster.TrackerException;
import org.openkas.proto.agenttracker.ConnectedAgentInfo;
import org.openkas.testkit.FailingTracker;
import org.openkas.testkit.FakeTimers;
import org.openkas.usage.MemoryUsageEvents;
import org.openkas.usage.RegisteredAgent;

/** Chapter 02 §9.3. */
class ToldRegistrationsTest {
    private final FakeTimers timers = new FakeTimers();
    private final MemoryUsageEvents events = new MemoryUsageEvents(timers);
    private final AgentTracker tracker = new ToldRegistrations(new MemoryAgentTracker(timers, Duration.ofMinutes(5)), events);

    @BeforeEach
    void want() {
        events.wanted(true);
    }

    @ParameterizedTest
    @CsvSource({"linux/arm64,arm64", "amd64,amd64", "'',''"})
    @DisplayName("what an agent says of itself and its cluster, and nothing else of it; the tracker does what it does")
    void known(String platform, String architecture) throws Exception {
        ConnectedAgentInfo.Builder connection = connection(9, 5, 1).toBuilder();
        connection.getAgentMetaBuilder().getKubernetesVersionBuilder().setMajor("1").setMinor("29").setGitVersion("v1.29.2")
                .setPlatform(platform);
        tracker.register(AGENTK, connection.build(), false);
        assertThat(events.take().registrations()).containsExactly(new RegisteredAgent(9, 5, "v16.5.0", architecture, "v1.29.2"));
        assertThat(tracker.byAgent(5)).containsExactly(connection.build());
        assertThat(tracker.byProject(9)).hasSize(1);
        assertThat(tracker.all()).hasSize(1);
        assertThat(tracker.connectedAgents()).isEqualTo(1);
        tracker.unregister(AGENTK, connection.build());
        assertThat(tracker.byAgent(5)).isEmpty();
    }

    @Test
    @DisplayName("an agent that says nothing of itself registers all the same, once while it lives; agents of other kinds are not told of")
    void unknown() throws Exception {
        ConnectedAgentInfo nameless = connection(9, 5, 1).toBuilder().clearAgentMeta().build();
        tracker.register(AGENTK, nameless, false);
        tracker.register(AGENTW, connection(9, 6, 1), false);
        assertThat(events.take().registrations()).containsExactly(new RegisteredAgent(9, 5, "", "", ""));
        tracker.register(AGENTK, nameless, false);
        assertThat(events.take().registrations()).isEmpty();
    }

    @Test
    @DisplayName("an agent that could not register is not told of")
    void failure() {
        AgentTracker failing = new ToldRegistrations(new FailingTracker(), events);
        assertThatThrownBy(() -> failing.register(AGENTK, connection(9, 5, 1), false)).isInstanceOf(TrackerException.class);
        assertThat(events.take().isEmpty()).isTrue();
    }
}
