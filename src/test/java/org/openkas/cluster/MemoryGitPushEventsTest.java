package org.openkas.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.common.LogLevel;
import org.openkas.proto.event.GitPushEvent;
import org.openkas.testkit.RecordedLog;

class MemoryGitPushEventsTest extends GitPushEventsContract {
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final RecordedLog log = new RecordedLog();
    private final MemoryGitPushEvents events = new MemoryGitPushEvents(threads, log.log());

    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final MemoryGitPushEvents byHand = new MemoryGitPushEvents(tasks::add, log.log());

    @AfterEach
    void stop() {
        threads.close();
    }

    @Override
    GitPushEvents events() {
        return events;
    }

    @Test
    @DisplayName("what does not fit into a subscriber's queue is dropped with a debug line")
    void fullQueue() {
        List<GitPushEvent> seen = new ArrayList<>();
        byHand.subscribe(seen::add);
        for (int id = 1; id <= MemoryGitPushEvents.WAITING + 2; id++) {
            byHand.publish(event(id));
        }
        assertThat(tasks).hasSize(1);
        tasks.remove().run();
        assertThat(seen).hasSize(MemoryGitPushEvents.WAITING).first().isEqualTo(event(1));
        assertThat(log.lines("Dropping Git push event")).hasSize(2).allSatisfy(line -> assertThat(line.level()).isEqualTo(LogLevel.DEBUG));
        byHand.publish(event(1));
        tasks.remove().run();
        assertThat(seen).hasSize(MemoryGitPushEvents.WAITING + 1);
    }

    @Test
    @DisplayName("an event that waits when the subscription ends is not handed over")
    void closedWhileWaiting() {
        List<GitPushEvent> seen = new ArrayList<>();
        GitPushEvents.Subscription subscription = byHand.subscribe(seen::add);
        byHand.publish(event(1));
        subscription.close();
        tasks.remove().run();
        assertThat(seen).isEmpty();
    }

    @Test
    @DisplayName("a failing subscriber is reported")
    void reportsFailure() {
        byHand.subscribe(event -> {
            throw new IllegalStateException("cannot take it");
        });
        byHand.publish(event(1));
        tasks.remove().run();
        assertThat(log.lines("Unable to handle received event")).singleElement().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.ERROR);
            assertThat(line.fields()).containsEntry("project_id", "g/p1").containsEntry("error", "cannot take it");
        });
    }
}
