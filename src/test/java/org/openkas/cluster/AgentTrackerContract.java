package org.openkas.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.openkas.common.AgentType.AGENTK;
import static org.openkas.common.AgentType.AGENTW;
import static org.openkas.common.AgentType.RUNNER;
import static org.openkas.testkit.Agents.connection;

import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.proto.agenttracker.ConnectedAgentInfo;

/** What every {@link AgentTracker} with a time to live of 300 s does. */
abstract class AgentTrackerContract {
    static final Duration TTL = Duration.ofSeconds(300);

    /** The same empty tracker throughout a test. */
    abstract AgentTracker tracker();

    /** Lets time pass, with whatever the tracker does meanwhile. */
    abstract void advance(Duration by);

    @Test
    @DisplayName("RA-1 a connection is found by its agent, unchanged")
    void byAgent() throws Exception {
        tracker().register(AGENTK, connection(7, 5, 1), true);
        assertThat(tracker().byAgent(5)).containsExactly(connection(7, 5, 1));
        assertThat(tracker().byAgent(6)).isEmpty();
    }

    @Test
    @DisplayName("RA-3 agents of a configuration project are found together")
    void byProject() throws Exception {
        tracker().register(AGENTK, connection(7, 5, 1), true);
        tracker().register(AGENTK, connection(7, 6, 2), false);
        tracker().register(AGENTK, connection(8, 9, 3), false);
        assertThat(tracker().byProject(7)).containsExactlyInAnyOrder(connection(7, 5, 1), connection(7, 6, 2));
        assertThat(tracker().byProject(1)).isEmpty();
        assertThat(tracker().all()).hasSize(3);
    }

    @Test
    @DisplayName("each Pod of an agent has a record, the agent counts once")
    void severalPods() throws Exception {
        tracker().register(AGENTK, connection(7, 5, 1), true);
        tracker().register(AGENTK, connection(7, 5, 2), true);
        tracker().register(AGENTK, connection(7, 6, 3), true);
        assertThat(tracker().byAgent(5)).hasSize(2);
        assertThat(tracker().connectedAgents()).isEqualTo(2);
    }

    @Test
    @DisplayName("registering again replaces the record")
    void registerAgain() throws Exception {
        tracker().register(AGENTK, connection(7, 5, 1, "v1.0.0"), false);
        ConnectedAgentInfo later = connection(7, 5, 1, "v2.0.0");
        tracker().register(AGENTK, later, false);
        assertThat(tracker().byAgent(5)).containsExactly(later);
        assertThat(tracker().byProject(7)).containsExactly(later);
        assertThat(tracker().all()).containsExactly(later);
    }

    @Test
    @DisplayName("NR-013 unregistering takes one connection, and taking it again is fine")
    void unregister() throws Exception {
        tracker().register(AGENTK, connection(7, 5, 1), false);
        tracker().register(AGENTK, connection(7, 5, 2), false);
        tracker().unregister(AGENTK, connection(7, 5, 1));
        tracker().unregister(AGENTK, connection(7, 5, 1));
        assertThat(tracker().byAgent(5)).containsExactly(connection(7, 5, 2));
        assertThat(tracker().byProject(7)).containsExactly(connection(7, 5, 2));
    }

    @Test
    @DisplayName("AG-38 a refreshed record lives until it is unregistered")
    void refreshed() throws Exception {
        tracker().register(AGENTK, connection(7, 5, 1), true);
        advance(Duration.ofHours(5));
        assertThat(tracker().byAgent(5)).hasSize(1);
        assertThat(tracker().byProject(7)).hasSize(1);
        tracker().unregister(AGENTK, connection(7, 5, 1));
        assertThat(tracker().byAgent(5)).isEmpty();
        assertThat(tracker().byProject(7)).isEmpty();
        assertThat(tracker().all()).isEmpty();
    }

    @Test
    @DisplayName("AG-39 an agent that registers every five minutes and a little is always there, under its own connection id")
    void periodicRegistration() throws Exception {
        for (int period = 0; period < 4; period++) {
            tracker().register(AGENTK, connection(7, 5, 123456789), false);
            advance(Duration.ofSeconds(330));
            assertThat(tracker().byAgent(5)).extracting(ConnectedAgentInfo::getConnectionId).containsExactly(123456789L);
            assertThat(tracker().byProject(7)).hasSize(1);
            assertThat(tracker().connectedAgents()).isEqualTo(1);
        }
    }

    @Test
    @DisplayName("a record that nobody renews is gone soon after its time to live")
    void expiry() throws Exception {
        tracker().register(AGENTK, connection(7, 5, 1), false);
        advance(Duration.ofSeconds(200));
        tracker().register(AGENTK, connection(7, 6, 2), false);
        advance(Duration.ofSeconds(220));
        assertThat(tracker().byAgent(5)).isEmpty();
        assertThat(tracker().byProject(7)).containsExactly(connection(7, 6, 2));
        assertThat(tracker().all()).containsExactly(connection(7, 6, 2));
        advance(Duration.ofSeconds(220));
        assertThat(tracker().all()).isEmpty();
    }

    @Test
    @DisplayName("NR-029 agents of other types are not listed and not counted")
    void otherTypes() throws Exception {
        tracker().register(AGENTW, connection(7, 5, 1), true);
        tracker().register(RUNNER, connection(7, 5, 2), true);
        tracker().register(AGENTK, connection(7, 5, 3), true);
        assertThat(tracker().byAgent(5)).containsExactly(connection(7, 5, 3));
        assertThat(tracker().byProject(7)).containsExactly(connection(7, 5, 3));
        assertThat(tracker().all()).containsExactly(connection(7, 5, 3));
        tracker().unregister(AGENTW, connection(7, 5, 3));
        assertThat(tracker().connectedAgents()).isEqualTo(1);
    }

    @Test
    @DisplayName("RA-53 a thousand agents of one project are listed within a second")
    void thousandAgents() throws Exception {
        for (int agent = 1; agent <= 1000; agent++) {
            tracker().register(AGENTK, connection(7, agent, -agent), true);
        }
        long begin = System.nanoTime();
        assertThat(tracker().byProject(7)).hasSize(1000);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(1));
        assertThat(tracker().connectedAgents()).isEqualTo(1000);
    }
}
