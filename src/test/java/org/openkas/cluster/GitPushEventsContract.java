package org.openkas.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.proto.event.GitPushEvent;
import org.openkas.proto.event.Project;

/** What every {@link GitPushEvents} does, on real threads. */
abstract class GitPushEventsContract {

    /** The same source throughout a test; ready to hand events over. */
    abstract GitPushEvents events();

    static GitPushEvent event(int id) {
        return GitPushEvent.newBuilder().setProject(Project.newBuilder().setId(id).setFullPath("g/p" + id)).build();
    }

    @Test
    @DisplayName("RA-39 publishing without a subscriber is fine")
    void nobodyListens() throws Exception {
        events().publish(event(1));
    }

    @Test
    @DisplayName("every subscriber gets every event, in order")
    void order() throws Exception {
        List<GitPushEvent> first = new CopyOnWriteArrayList<>();
        List<GitPushEvent> second = new CopyOnWriteArrayList<>();
        List<GitPushEvent> sent = IntStream.rangeClosed(1, 100).mapToObj(GitPushEventsContract::event).toList();
        try (GitPushEvents.Subscription one = events().subscribe(first::add);
                GitPushEvents.Subscription two = events().subscribe(second::add)) {
            assertThat(one).isNotSameAs(two);
            for (GitPushEvent event : sent) {
                events().publish(event);
            }
            await().untilAsserted(() -> assertThat(first).isEqualTo(sent));
            await().untilAsserted(() -> assertThat(second).isEqualTo(sent));
        }
    }

    @Test
    @DisplayName("a subscriber that hangs holds up neither the publisher nor another subscriber")
    void slowSubscriber() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        List<GitPushEvent> seen = new CopyOnWriteArrayList<>();
        GitPushEvents.Subscription slow = events().subscribe(event -> {
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        GitPushEvents.Subscription quick = events().subscribe(seen::add);
        for (int id = 1; id <= 20; id++) {
            events().publish(event(id));
        }
        await().untilAsserted(() -> assertThat(seen).hasSize(20));
        release.countDown();
        slow.close();
        quick.close();
    }

    @Test
    @DisplayName("a closed subscription gets nothing more")
    void closing() throws Exception {
        List<GitPushEvent> closed = new CopyOnWriteArrayList<>();
        List<GitPushEvent> open = new CopyOnWriteArrayList<>();
        GitPushEvents.Subscription first = events().subscribe(closed::add);
        GitPushEvents.Subscription second = events().subscribe(open::add);
        events().publish(event(1));
        await().untilAsserted(() -> assertThat(closed).hasSize(1));
        first.close();
        first.close();
        events().publish(event(2));
        await().untilAsserted(() -> assertThat(open).hasSize(2));
        assertThat(closed).hasSize(1);
        second.close();
    }

    @Test
    @DisplayName("a subscriber that fails gets the next event all the same")
    void failingSubscriber() throws Exception {
        List<GitPushEvent> seen = new CopyOnWriteArrayList<>();
        AtomicBoolean failed = new AtomicBoolean();
        try (GitPushEvents.Subscription subscription = events().subscribe(event -> {
            if (!failed.getAndSet(true)) {
                throw new IllegalStateException("cannot take it");
            }
            seen.add(event);
        })) {
            assertThat(subscription).isNotNull();
            events().publish(event(1));
            events().publish(event(2));
            await().untilAsserted(() -> assertThat(seen).containsExactly(event(2)));
        }
    }
}
