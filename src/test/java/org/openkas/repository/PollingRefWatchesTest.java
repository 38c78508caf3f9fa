package org.openkas.repository;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.repository.RefWatches.Watch;
import org.openkas.repository.RepositoryException.Code;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RecordedLog;

class PollingRefWatchesTest {
    private static final Repository REPOSITORY = new Repository(GitalyInfo.newBuilder().setAddress("tcp://g:1").setToken("t").build(),
            FakeGitaly.repository("group/project"));
    private static final Duration PERIOD = Duration.ofMinutes(5);

    private final FakeTimers timers = new FakeTimers();
    private final RecordedLog log = new RecordedLog();
    private final List<Long> polls = new ArrayList<>();
    private Runnable duringPoll = () -> {
    };
    private RepositoryException failure;
    private String commit = "1";
    private final PollingRefWatches watches = new PollingRefWatches(new OnlyResolving() {
        @Override
        public Resolution resolve(Repository repository, String ref) throws RepositoryException {
            polls.add(timers.nanos() / 1_000_000);
            Resolution seen = commit.isEmpty() ? new Resolution.Empty() : new Resolution.Commit(commit);
            duringPoll.run();
            if (failure != null) {
                throw failure;
            }
            return seen;
        }
    }, PollingRefWatches.Pace.ofConfigurations(PERIOD), timers, new Random() {
        @Override
        public double nextDouble() {
            return 0.5;
        }
    }, Runnable::run, log.log());

    /** Writes down what it is told. */
    private static class Told implements RefWatches.Listener {
        final List<Object> all = new ArrayList<>();

        @Override
        public void resolved(Resolution resolution) {
            all.add(resolution instanceof Resolution.Commit(String id) ? id : "empty");
        }

        @Override
        public void failed(RepositoryException failure) {
            all.add(failure);
        }
    }

    private Watch watch(Told told) {
        return watches.watch(REPOSITORY, "refs/heads/main", told);
    }

    private void after(Duration time) {
        timers.advance(time);
    }

    @Test
    void pollsAtOnceAndThenOnceAPeriodAndTellsChangesOnly() {
        Told told = new Told();
        watch(told);
        assertThat(told.all).containsExactly("1");
        after(PERIOD.minusMillis(1));
        assertThat(polls).containsExactly(0L);
        after(Duration.ofMillis(1));
        assertThat(polls).containsExactly(0L, 300_000L);
        assertThat(told.all).containsExactly("1");
        commit = "2";
        after(PERIOD);
        assertThat(told.all).containsExactly("1", "2");
        commit = "1";
        after(PERIOD);
        assertThat(told.all).containsExactly("1", "2", "1");
    }

    @Test
    void anEmptyRepositoryIsToldOnceAndTheFirstPushFollows() {
        commit = "";
        Told told = new Told();
        Watch watch = watch(told);
        after(PERIOD);
        commit = "1";
        watch.poke();
        assertThat(told.all).containsExactly("empty", "1");
    }

    @Test
    void oneMoreWatcherIsServedFromAFreshStateAndAFollowUpPoll() {
        Told first = new Told();
        watch(first);
        after(Duration.ofMillis(400));
        commit = "2";
        Told second = new Told();
        watch(second);
        assertThat(second.all).containsExactly("1");
        assertThat(polls).hasSize(1);
        after(Duration.ofMillis(599));
        assertThat(polls).hasSize(1);
        after(Duration.ofMillis(1));
        assertThat(polls).containsExactly(0L, 1_000L);
        assertThat(first.all).containsExactly("1", "2");
        assertThat(second.all).containsExactly("1", "2");
        after(PERIOD);
        assertThat(polls).containsExactly(0L, 1_000L, 301_000L);
    }

    @Test
    void aWatcherThatComesLaterIsServedByAPollOfItsOwn() {
        watch(new Told());
        after(Duration.ofMillis(1_001));
        commit = "2";
        Told late = new Told();
        watch(late);
        assertThat(late.all).containsExactly("2");
        assertThat(polls).containsExactly(0L, 1_001L);
    }

    @Test
    void aStormOfWatchersCostsOnePollASecond() {
        for (int i = 0; i < 1_000; i++) {
            Told told = new Told();
            watch(told);
            assertThat(told.all).hasSize(1);
            after(Duration.ofMillis(10));
        }
        assertThat(polls).hasSizeBetween(10, 11);
        assertThat(watches.size()).isEqualTo(1);
    }

    @Test
    void watchersThatComeDuringALongPollShareOneThatBeginsAfterThem() {
        List<Told> late = new ArrayList<>();
        duringPoll = () -> {
            duringPoll = () -> {
            };
            timers.advance(Duration.ofMillis(1_500));
            commit = "2";
            for (int i = 0; i < 5; i++) {
                late.add(new Told());
                watch(late.getLast());
            }
            timers.advance(Duration.ofMillis(500));
        };
        Told first = new Told();
        watch(first);
        assertThat(polls).containsExactly(0L, 2_000L);
        assertThat(first.all).containsExactly("1", "2");
        assertThat(late).allSatisfy(told -> assertThat(told.all).containsExactly("2"));
    }

    @Test
    void watchersThatComeDuringAYoungPollShareIt() {
        Told second = new Told();
        duringPoll = () -> {
            duringPoll = () -> {
            };
            timers.advance(Duration.ofMillis(500));
            watch(second);
        };
        watch(new Told());
        assertThat(second.all).containsExactly("1");
        assertThat(polls).containsExactly(0L);
        after(Duration.ofMillis(500));
        assertThat(polls).containsExactly(0L, 1_000L);
    }

    @Test
    void aPokePollsAtOnceAndAStormOfPokesOnceASecond() {
        Told told = new Told();
        Watch watch = watch(told);
        commit = "2";
        watch.poke();
        assertThat(told.all).containsExactly("1", "2");
        for (int i = 0; i < 1_000; i++) {
            watch.poke();
        }
        assertThat(polls).hasSize(2);
        after(Duration.ofSeconds(1));
        assertThat(polls).containsExactly(0L, 0L, 1_000L);
        after(Duration.ofSeconds(10));
        watch.poke();
        assertThat(polls).hasSize(4);
        after(PERIOD.minusMillis(1));
        assertThat(polls).hasSize(4);
    }

    @Test
    void aPokeDuringAPollIsRememberedOnce() {
        Told told = new Told();
        Watch[] watch = new Watch[1];
        watch[0] = watch(told);
        after(Duration.ofSeconds(5));
        duringPoll = () -> {
            duringPoll = () -> {
            };
            // the poll has looked already
            commit = "2";
            for (int i = 0; i < 10; i++) {
                watch[0].poke();
            }
        };
        after(PERIOD.minusSeconds(5));
        assertThat(polls).containsExactly(0L, 300_000L, 300_000L);
        assertThat(told.all).containsExactly("1", "2");
    }

    @Test
    void failuresAreToldOnceEachToAllAndWaitsGrow() {
        failure = new RepositoryException(Code.RPC_ERROR, "down", null);
        Told first = new Told();
        Told second = new Told();
        watch(first);
        watch(second);
        assertThat(first.all).containsExactly(failure);
        assertThat(second.all).containsExactly(failure);
        assertThat(first.all.getFirst()).isSameAs(second.all.getFirst());
        // the follow-up for the second watcher
        after(Duration.ofSeconds(1));
        polls.clear();
        RepositoryException later = new RepositoryException(Code.RPC_ERROR, "still down", null);
        failure = later;
        after(Duration.ofMinutes(5));
        // 10 s and 20 s were drawn before and after the follow-up; then 20, 40, 60, 60 s, each half as long again
        assertThat(polls).containsExactly(31_000L, 91_000L, 181_000L, 271_000L);
        assertThat(first.all).hasSize(6).last().isSameAs(later);
        failure = null;
        after(Duration.ofMinutes(2));
        assertThat(first.all).last().isEqualTo("1");
        assertThat(second.all).isEqualTo(first.all);
    }

    @Test
    void eachFailedPollIsToldAndSuccessAfterFailureToo() {
        Told told = new Told();
        Watch watch = watch(told);
        for (int i = 0; i < 3; i++) {
            after(Duration.ofSeconds(2));
            failure = new RepositoryException(Code.NOT_FOUND, "gone " + i, null);
            watch.poke();
        }
        failure = null;
        after(Duration.ofSeconds(2));
        watch.poke();
        assertThat(told.all).extracting(Object::toString).containsExactly("1", "org.openkas.repository.RepositoryException: gone 0",
                "org.openkas.repository.RepositoryException: gone 1", "org.openkas.repository.RepositoryException: gone 2", "1");
    }

    @Test
    void anUnexpectedFailureOfTheReaderDoesNotEndThePolling() {
        duringPoll = () -> {
            throw new IllegalStateException("oops");
        };
        Told told = new Told();
        watch(told);
        assertThat(told.all.getFirst()).asString().contains("the poll failed: java.lang.IllegalStateException: oops");
        duringPoll = () -> {
        };
        after(Duration.ofSeconds(15));
        assertThat(told.all).last().isEqualTo("1");
    }

    @Test
    void theLastWatcherEndsThePolling() {
        Watch first = watch(new Told());
        Watch second = watch(new Told());
        first.close();
        first.close();
        assertThat(watches.size()).isEqualTo(1);
        second.close();
        second.poke();
        assertThat(watches.size()).isZero();
        assertThat(timers.pending()).isZero();
        Told again = new Told();
        watch(again);
        first.close();
        second.close();
        assertThat(again.all).containsExactly("1");
        assertThat(watches.size()).isEqualTo(1);
    }

    @Test
    void aListenerMayCloseAndPokeAndWatch() {
        Watch[] watch = new Watch[1];
        Told inner = new Told();
        Told told = new Told() {
            @Override
            public void resolved(Resolution resolution) {
                super.resolved(resolution);
                if (all.size() == 2) {
                    watch[0].poke();
                    commit = "3";
                    watch(inner);
                    watch[0].close();
                }
            }
        };
        watch[0] = watch(told);
        commit = "2";
        after(PERIOD);
        after(PERIOD);
        assertThat(told.all).containsExactly("1", "2");
        assertThat(inner.all).startsWith("2").endsWith("3");
    }

    @Test
    void aListenerThatFailsHarmsNobody() {
        Told broken = new Told() {
            @Override
            public void resolved(Resolution resolution) {
                super.resolved(resolution);
                throw new IllegalStateException("listener");
            }
        };
        Told told = new Told();
        watch(broken);
        watch(told);
        commit = "2";
        after(PERIOD);
        assertThat(broken.all).containsExactly("1", "2");
        assertThat(told.all).containsExactly("1", "2");
        assertThat(log.lines("A listener of a repository failed")).hasSize(2)
                .allSatisfy(line -> assertThat(line.fields()).containsEntry("project_id", "group/project"));
    }

    @Test
    void otherRefsAndOtherAccessArePolledSeparately() {
        watch(new Told());
        watches.watch(REPOSITORY, "refs/heads/other", new Told());
        watches.watch(new Repository(REPOSITORY.gitaly().toBuilder().setToken("u").build(), REPOSITORY.repository()), "refs/heads/main",
                new Told());
        watches.watch(new Repository(REPOSITORY.gitaly().toBuilder().build(), REPOSITORY.repository()), "refs/heads/main", new Told());
        assertThat(watches.size()).isEqualTo(3);
        assertThat(polls).hasSize(3);
    }
}
