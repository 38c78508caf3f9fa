package org.openkas.usage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PairSetTest {

    @Test
    void eachPairIsThereOnceAndItsSidesAreNotMixedUp() {
        PairSet set = new PairSet(10);
        for (int i = 0; i < 3; i++) {
            assertThat(set.add(1, 2)).isTrue();
            assertThat(set.add(2, 1)).isTrue();
            assertThat(set.add(0, 0)).isTrue();
            assertThat(set.add(Long.MIN_VALUE, Long.MAX_VALUE)).isTrue();
        }
        assertThat(set.pairs()).containsExactlyInAnyOrder(new UserInProject(1, 2), new UserInProject(2, 1), new UserInProject(0, 0),
                new UserInProject(Long.MIN_VALUE, Long.MAX_VALUE));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 8, 1000})
    void aFullSetTakesNoMoreAndKnowsWhatItHas(int most) {
        PairSet set = new PairSet(most);
        LongStream.range(0, most).forEach(i -> assertThat(set.add(i, i)).isTrue());
        LongStream.range(0, 2L * most).forEach(i -> assertThat(set.add(i, i)).isEqualTo(i < most));
        assertThat(set.pairs()).hasSize(most).contains(new UserInProject(most - 1, most - 1));
    }

    @Test
    void manyWhoAddTheSamePairsAtOnceLoseNoneAndDoubleNone() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            for (int round = 0; round < 50; round++) {
                PairSet set = new PairSet(500);
                CyclicBarrier begin = new CyclicBarrier(8);
                List<Callable<Boolean>> adders = IntStream.range(0, 8).<Callable<Boolean>>mapToObj(_ -> () -> {
                    begin.await();
                    return LongStream.range(0, 500).allMatch(i -> set.add(i % 25, i / 25));
                }).toList();
                for (Future<Boolean> all : threads.invokeAll(adders)) {
                    // who reserves room for a pair that somebody else adds meanwhile keeps others out for a moment
                    all.get();
                }
                LongStream.range(0, 500).forEach(i -> assertThat(set.add(i % 25, i / 25)).isTrue());
                List<UserInProject> pairs = set.pairs();
                Set<UserInProject> different = new HashSet<>(pairs);
                assertThat(pairs).hasSize(500);
                assertThat(different).hasSize(500);
            }
        }
    }
}
