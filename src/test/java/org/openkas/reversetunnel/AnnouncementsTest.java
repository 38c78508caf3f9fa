package org.openkas.reversetunnel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openkas.cluster.TrackerException;
import org.openkas.cluster.TunnelTracker;
import org.openkas.common.AgentType;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RecordedLog;

/** What the other servers are told of the tunnels in a registry. Time passes only where a test says so. */
@Timeout(30)
class AnnouncementsTest {
    private static final Duration PERIOD = Duration.ofSeconds(240);

    private final FakeTimers timers = new FakeTimers();
    private final RecordedLog log = new RecordedLog();
    private final Recorder tracker = new Recorder();
    private final Queue<Runnable> later = new ArrayDeque<>();
    private boolean held;
    private final Announcements announcements = new Announcements(tracker, PERIOD, timers, this::execute, log.log());
    private final TunnelRegistry registry = new TunnelRegistry(announcements, log.log());

    /** Notes what it is told. */
    private static final class Recorder implements TunnelTracker {
        final List<String> told = new CopyOnWriteArrayList<>();
        boolean broken;

        private void note(String what) throws TrackerException {
            told.add(what);
            if (broken) {
                throw new TrackerException("no redis", new IllegalStateException());
            }
        }

        @Override
        public void register(long agentId) throws TrackerException {
            note("+" + agentId);
        }

        @Override
        public void unregister(long agentId) throws TrackerException {
            note("-" + agentId);
        }

        @Override
        public void refresh(Collection<Long> agentIds) throws TrackerException {
            note("=" + new TreeSet<>(agentIds));
        }

        @Override
        public List<String> gateways(long agentId) {
            return List.of();
        }
    }

    private void execute(Runnable task) {
        if (held) {
            later.add(task);
        } else {
            task.run();
        }
    }

    private Tunnel connect(long agentId) {
        Tunnel tunnel = SilentStream.tunnel(registry, new AgentKey(AgentType.AGENTK, agentId), "a.One", new SilentStream());
        tunnel.giveBack();
        return tunnel;
    }

    private Tunnel take(long agentId) {
        List<Tunnel> found = new ArrayList<>();
        registry.find(new FindRequest(new AgentKey(AgentType.AGENTK, agentId), "a.One", "Do", new FindRequest.Answer() {
            @Override
            public void found(Tunnel tunnel) {
                found.add(tunnel);
            }

            @Override
            public void failed(Status status) {
                throw new AssertionError(status);
            }
        }));
        return found.getFirst();
    }

    @Test
    @DisplayName("TC-01, TC-02: the first idle tunnel of an agent is told at once, further ones are not")
    void first() {
        connect(7);
        assertThat(tracker.told).containsExactly("+7");
        Stream.generate(() -> connect(7)).limit(3).toList();
        timers.advance(Duration.ofSeconds(60));
        assertThat(tracker.told).containsExactly("+7");
        connect(8);
        assertThat(tracker.told).containsExactly("+7", "+8");
    }

    @Test
    @DisplayName("TC-03: five seconds after the last idle tunnel ended the agent is withdrawn")
    void last() {
        Tunnel one = connect(7);
        Tunnel other = connect(7);
        one.expire();
        timers.advance(Duration.ofSeconds(10));
        assertThat(tracker.told).containsExactly("+7");
        other.expire();
        timers.advance(Duration.ofMillis(4_999));
        assertThat(tracker.told).containsExactly("+7");
        timers.advance(Duration.ofMillis(1));
        assertThat(tracker.told).containsExactly("+7", "-7");
        connect(7);
        assertThat(tracker.told).containsExactly("+7", "-7", "+7");
    }

    @Test
    @DisplayName("TC-04: a tunnel that comes within those five seconds changes nothing, and taken tunnels do not count as idle")
    void soonBack() {
        connect(7);
        Tunnel taken = take(7);
        timers.advance(Duration.ofSeconds(2));
        connect(7);
        timers.advance(Duration.ofSeconds(20));
        assertThat(tracker.told).containsExactly("+7");
        take(7);
        timers.advance(Duration.ofSeconds(4));
        taken.giveBack();
        timers.advance(Duration.ofSeconds(20));
        assertThat(tracker.told).containsExactly("+7");
        assertThat(timers.pending()).isZero();
    }

    @Test
    @DisplayName("TC-05: agents with idle tunnels are written again now and then, those whose tunnels are all taken are not")
    void again() {
        announcements.start();
        connect(7);
        connect(8);
        timers.advance(PERIOD.minusSeconds(1));
        take(8);
        timers.advance(Duration.ofSeconds(1));
        assertThat(tracker.told).containsExactly("+7", "+8", "=[7]");
        connect(8);
        assertThat(tracker.told).as("it missed one renewal").containsExactly("+7", "+8", "=[7]", "+8");
        timers.advance(PERIOD);
        assertThat(tracker.told).containsExactly("+7", "+8", "=[7]", "+8", "=[7, 8]");
    }

    @Test
    @DisplayName("A tunnel that comes while the agent is being withdrawn is told afterwards")
    void whileWithdrawn() {
        Tunnel tunnel = connect(7);
        tunnel.expire();
        held = true;
        timers.advance(Duration.ofSeconds(5));
        connect(7);
        assertThat(tracker.told).containsExactly("+7");
        assertThat(later).hasSize(1);
        held = false;
        later.remove().run();
        assertThat(tracker.told.getLast()).isEqualTo("+7");
        assertThat(later).isEmpty();
    }

    @Test
    @DisplayName("What fails is reported and not tried again before the renewal")
    void failures() {
        announcements.start();
        tracker.broken = true;
        connect(7);
        connect(7);
        assertThat(tracker.told).containsExactly("+7");
        assertThat(log.lines("Failed to register tunnel")).singleElement()
                .satisfies(line -> assertThat(line.fields()).containsEntry("agent_id", 7L).containsKey("error"));
        timers.advance(PERIOD);
        assertThat(log.lines("Failed to refresh data")).hasSize(1);
        take(7);
        take(7);
        timers.advance(Duration.ofSeconds(5));
        assertThat(log.lines("Failed to unregister tunnel")).hasSize(1);
        tracker.broken = false;
        connect(7);
        assertThat(tracker.told).containsExactly("+7", "=[7]", "-7", "+7");
    }

    @Test
    @DisplayName("TC-60: at the end everything is withdrawn at once, also what was to be withdrawn later, and nothing is told any more")
    void end() throws Exception {
        announcements.start();
        connect(7);
        connect(8);
        take(8);
        registry.stop();
        announcements.stop(Duration.ofSeconds(5));
        assertThat(tracker.told).containsExactlyInAnyOrder("+7", "+8", "-7", "-8");
        connect(9);
        timers.advance(Duration.ofHours(1));
        assertThat(tracker.told).hasSize(4);
        assertThat(timers.pending()).isZero();
        announcements.stop(Duration.ofSeconds(5));
    }

    @Test
    @DisplayName("A tracker that hangs holds up the end for the given time only")
    void hangingEnd() throws Exception {
        connect(7);
        held = true;
        CompletableFuture<Void> ended = CompletableFuture.runAsync(() -> {
            try {
                announcements.stop(Duration.ofMillis(50));
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        await().atMost(Duration.ofSeconds(10)).until(ended::isDone);
        assertThat(log.lines("Failed to unregister tunnel")).hasSize(1);
    }

    @Test
    @DisplayName("Agents of other types are not told: their ids mean something else")
    void otherTypes() {
        SilentStream.tunnel(registry, new AgentKey(AgentType.RUNNER, 7), "a.One", new SilentStream()).giveBack();
        assertThat(tracker.told).isEmpty();
    }
}
