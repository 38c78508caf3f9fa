package org.openkas.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.openkas.common.Log;
import org.openkas.common.SystemTimers;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.repository.RefWatches.Watch;
import org.openkas.testkit.FakeGitaly;

/** What holds whatever many threads do at the same time. */
class PollingRefWatchesStressTest {
    private static final Repository REPOSITORY = new Repository(GitalyInfo.getDefaultInstance(), FakeGitaly.repository("group/project"));

    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final SystemTimers timers = new SystemTimers(executor);
    private final AtomicLong commit = new AtomicLong();
    private final AtomicInteger running = new AtomicInteger();
    private final AtomicInteger polls = new AtomicInteger();
    private final AtomicBoolean overlapped = new AtomicBoolean();

    @AfterEach
    void close() {
        timers.close();
        executor.shutdownNow();
    }

    private PollingRefWatches watches() {
        return new PollingRefWatches(new OnlyResolving() {
            @Override
            public Resolution resolve(Repository repository, String ref) throws RepositoryException {
                overlapped.compareAndSet(false, running.incrementAndGet() > 1);
                try {
                    long seen = commit.get();
                    Thread.yield();
                    if (polls.incrementAndGet() % 7 == 0) {
                        throw new RepositoryException(RepositoryException.Code.RPC_ERROR, "now and then", null);
                    }
                    return new Resolution.Commit(Long.toString(seen));
                } finally {
                    running.decrementAndGet();
                }
            }
        }, PollingRefWatches.Pace.ofConfigurations(Duration.ofMinutes(5)), timers, new Random(1), executor, Log.none());
    }

    /** Checks the promises about calls while it takes them. */
    private final class Checked implements RefWatches.Listener {
        final AtomicInteger inside = new AtomicInteger();
        final AtomicInteger calls = new AtomicInteger();
        volatile long latest = -1;
        volatile boolean broken;

        @Override
        public void resolved(Resolution resolution) {
            call(Long.parseLong(((Resolution.Commit) resolution).id()));
        }

        @Override
        public void failed(RepositoryException failure) {
            call(latest);
        }

        private void call(long value) {
            broken |= inside.incrementAndGet() > 1 || value < latest;
            latest = value;
            Thread.yield();
            calls.incrementAndGet();
            inside.decrementAndGet();
        }
    }

    @Test
    void manyThreadsWatchPokeAndClose() throws Exception {
        PollingRefWatches watches = watches();
        List<Future<?>> workers = new ArrayList<>();
        List<Checked> listeners = new java.util.concurrent.CopyOnWriteArrayList<>();
        AtomicInteger afterClose = new AtomicInteger();
        long started = System.nanoTime();
        for (int worker = 0; worker < 50; worker++) {
            Random random = new Random(worker);
            workers.add(executor.submit(() -> {
                for (int round = 0; round < 40; round++) {
                    Checked listener = new Checked();
                    listeners.add(listener);
                    Watch watch = watches.watch(REPOSITORY, "refs/heads/" + random.nextInt(3), listener);
                    for (int i = random.nextInt(5); i > 0; i--) {
                        commit.incrementAndGet();
                        watch.poke();
                        Thread.yield();
                    }
                    watch.close();
                    int before = listener.calls.get() + listener.inside.get();
                    watch.poke();
                    Thread.yield();
                    // at most the one call that had begun may still show
                    if (listener.calls.get() > before + 1) {
                        afterClose.incrementAndGet();
                    }
                }
            }));
        }
        for (Future<?> worker : workers) {
            worker.get(30, TimeUnit.SECONDS);
        }
        assertThat(watches.size()).isZero();
        assertThat(listeners).noneMatch(listener -> listener.broken);
        assertThat(afterClose).hasValue(0);
        assertThat(System.nanoTime() - started).isLessThan(Duration.ofSeconds(30).toNanos());
    }

    @Test
    void aPokeNeverGetsLost() throws Exception {
        PollingRefWatches watches = watches();
        List<Checked> listeners = new ArrayList<>();
        List<Watch> all = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            listeners.add(new Checked());
            all.add(watches.watch(REPOSITORY, "refs/heads/main", listeners.getLast()));
        }
        for (int push = 1; push <= 3; push++) {
            commit.incrementAndGet();
            List<Future<?>> pokes = all.stream().<Future<?>>map(watch -> executor.submit(watch::poke)).toList();
            for (Future<?> poke : pokes) {
                poke.get();
            }
            long wanted = commit.get();
            await().atMost(Duration.ofSeconds(15)).until(() -> {
                // a poll that failed is not repeated by itself before 10 s; whoever pushed pokes again
                all.getFirst().poke();
                return listeners.stream().allMatch(listener -> listener.latest == wanted);
            });
        }
        assertThat(overlapped).isFalse();
        assertThat(listeners).noneMatch(listener -> listener.broken);
        all.forEach(Watch::close);
        assertThat(watches.size()).isZero();
    }

    @Test
    void aStormOfWatchersIsServedByFewPolls() throws Exception {
        PollingRefWatches watches = watches();
        CountDownLatch told = new CountDownLatch(1_000);
        List<Future<?>> storm = new ArrayList<>();
        long started = System.nanoTime();
        for (int i = 0; i < 1_000; i++) {
            storm.add(executor.submit(() -> watches.watch(REPOSITORY, "refs/heads/main", new RefWatches.Listener() {
                private final AtomicBoolean first = new AtomicBoolean(true);

                @Override
                public void resolved(Resolution resolution) {
                    if (first.getAndSet(false)) {
                        told.countDown();
                    }
                }

                @Override
                public void failed(RepositoryException failure) {
                    resolved(new Resolution.Empty());
                }
            })));
        }
        for (Future<?> arrival : storm) {
            arrival.get(10, TimeUnit.SECONDS);
        }
        assertThat(told.await(10, TimeUnit.SECONDS)).isTrue();
        long seconds = Duration.ofNanos(System.nanoTime() - started).toSeconds();
        assertThat((long) polls.get()).isLessThanOrEqualTo(2 + seconds);
        assertThat(overlapped).isFalse();
    }

    @Test
    void closingTheLastWatchInterruptsThePoll() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CompletableFuture<Boolean> ended = new CompletableFuture<>();
        PollingRefWatches watches = new PollingRefWatches(new OnlyResolving() {
            @Override
            public Resolution resolve(Repository repository, String ref) throws InterruptedException {
                begun.countDown();
                try {
                    new CountDownLatch(1).await();
                    throw new AssertionError();
                } catch (InterruptedException e) {
                    ended.complete(true);
                    throw e;
                }
            }
        }, PollingRefWatches.Pace.ofConfigurations(Duration.ofMinutes(5)), timers, new Random(1), executor, Log.none());
        Checked listener = new Checked();
        Watch watch = watches.watch(REPOSITORY, "HEAD", listener);
        assertThat(begun.await(5, TimeUnit.SECONDS)).isTrue();
        watch.close();
        assertThat(ended.get(5, TimeUnit.SECONDS)).isTrue();
        assertThat(watches.size()).isZero();
        assertThat(listener.calls).hasValue(0);
    }
}
