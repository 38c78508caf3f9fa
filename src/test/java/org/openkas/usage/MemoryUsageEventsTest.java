package org.openkas.usage;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.testkit.FakeTimers;

/** Chapter 02 §9.3. */
class MemoryUsageEventsTest {
    private final FakeTimers timers = new FakeTimers();
    private final MemoryUsageEvents events = new MemoryUsageEvents(timers);

    @BeforeEach
    void want() {
        events.wanted(true);
    }

    private static RegisteredAgent agent(long id) {
        return new RegisteredAgent(9, id, "v16.5.0", "amd64", "v1.29.2");
    }

    private static UsageEventsTaken taken(Map<String, List<UserInProject>> users, RegisteredAgent... agents) {
        return new UsageEventsTaken(users, Set.of(agents), 0);
    }

    @Test
    @DisplayName("each event counts once in a period, and anew in the next one")
    void once() {
        for (int i = 0; i < 3; i++) {
            events.see("ci", 7, 9);
            events.see("pat", 7, 9);
            events.registered(agent(5), 1);
        }
        UsageEventsTaken first = taken(Map.of("ci", List.of(new UserInProject(7, 9)), "pat", List.of(new UserInProject(7, 9))), agent(5));
        assertThat(events.take()).isEqualTo(first);
        assertThat(events.take()).isEqualTo(taken(Map.of()));
        events.see("ci", 7, 9);
        assertThat(events.take()).isEqualTo(taken(Map.of("ci", List.of(new UserInProject(7, 9)))));
    }

    @Test
    @DisplayName("a process that registers again counts again after a day, another process of the agent at once")
    void registrations() {
        events.registered(agent(5), 1);
        assertThat(events.take().registrations()).containsExactly(agent(5));
        timers.advance(Duration.ofHours(23));
        events.registered(agent(5), 1);
        assertThat(events.take().registrations()).isEmpty();
        events.registered(agent(5), 2);
        events.registered(agent(6), 1);
        assertThat(events.take().registrations()).containsExactlyInAnyOrder(agent(5), agent(6));
        timers.advance(Duration.ofHours(2));
        events.registered(agent(5), 1);
        events.registered(agent(5), 2);
        assertThat(events.take().registrations()).containsExactly(agent(5));
    }

    @Test
    @DisplayName("what was not taken in the end is there again, with what came since, each once")
    void putBack() {
        events.see("ci", 7, 9);
        events.registered(agent(5), 1);
        UsageEventsTaken failed = events.take();
        events.see("ci", 7, 9);
        events.see("ci", 8, 9);
        events.putBack(failed);
        UsageEventsTaken next = events.take();
        assertThat(next.users().get("ci")).containsExactlyInAnyOrder(new UserInProject(7, 9), new UserInProject(8, 9));
        assertThat(next.registrations()).containsExactly(agent(5));
    }

    @Test
    @DisplayName("what is kept has a limit for each kind; what is dropped is counted, what is there already is not dropped")
    void limit() {
        for (int i = 1; i <= MemoryUsageEvents.MOST + 3; i++) {
            events.see("ci", i, 9);
            events.registered(agent(i), 1);
        }
        events.see("ci", 1, 9);
        events.see("pat", 1, 9);
        events.registered(agent(1), 2);
        UsageEventsTaken full = events.take();
        assertThat(full.users().get("ci")).hasSize(MemoryUsageEvents.MOST);
        assertThat(full.users().get("pat")).hasSize(1);
        assertThat(full.registrations()).hasSize(MemoryUsageEvents.MOST);
        assertThat(full.dropped()).isEqualTo(6);
        assertThat(events.take().dropped()).isZero();
    }

    @Test
    @DisplayName("nobody wants them: nothing is kept, also nothing that comes back")
    void unwanted() {
        events.see("ci", 7, 9);
        UsageEventsTaken taken = events.take();
        events.see("ci", 8, 9);
        events.wanted(false);
        events.see("ci", 9, 9);
        events.registered(agent(5), 1);
        events.putBack(taken);
        assertThat(events.take().isEmpty()).isTrue();
        events.wanted(true);
        assertThat(events.take().isEmpty()).isTrue();
        events.registered(agent(5), 1);
        assertThat(events.take().registrations()).hasSize(1);
    }

    @Test
    @DisplayName("an agent's texts are cut where no version is that long")
    void texts() {
        RegisteredAgent agent = new RegisteredAgent(1, 2, "v".repeat(1000), "a".repeat(101), "k".repeat(100));
        assertThat(agent.agentVersion()).hasSize(100);
        assertThat(agent.architecture()).hasSize(100);
        assertThat(agent.kubernetesVersion()).hasSize(100);
    }
}
