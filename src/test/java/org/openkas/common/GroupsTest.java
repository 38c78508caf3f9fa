package org.openkas.common;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class GroupsTest {
    private final Groups<String, Integer> groups = new Groups<>();

    @Test
    @DisplayName("members are found by their key, once each, and a key without members is gone")
    void members() {
        groups.add("a", 1);
        groups.add("a", 2);
        groups.add("a", 2);
        groups.add("b", 3);
        assertThat(groups.of("a")).containsExactlyInAnyOrder(1, 2);
        assertThat(groups.of("c")).isEmpty();
        groups.remove("a", 1);
        groups.remove("a", 9);
        groups.remove("c", 1);
        assertThat(groups.of("a")).containsExactly(2);
        assertThat(groups.size()).isEqualTo(2);
        groups.remove("a", 2);
        assertThat(groups.of("a")).isEmpty();
        assertThat(groups.size()).isEqualTo(1);
    }

    @Test
    @DisplayName("members may leave while somebody walks through them")
    void leaving() {
        for (int i = 0; i < 100; i++) {
            groups.add("a", i);
        }
        groups.of("a").forEach(member -> groups.remove("a", member));
        assertThat(groups.size()).isZero();
    }

    @Test
    @DisplayName("a member that comes while the last one leaves is not lost")
    void race() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            for (int round = 0; round < 1_000; round++) {
                groups.add("a", 1);
                CountDownLatch together = new CountDownLatch(2);
                List<Future<?>> both = new ArrayList<>();
                both.add(threads.submit(() -> meet(together, () -> groups.remove("a", 1))));
                both.add(threads.submit(() -> meet(together, () -> groups.add("a", 2))));
                for (Future<?> one : both) {
                    one.get();
                }
                assertThat(groups.of("a")).containsExactly(2);
                groups.remove("a", 2);
            }
        }
    }

    private static int meet(CountDownLatch together, Runnable action) throws InterruptedException {
        together.countDown();
        together.await();
        action.run();
        return 1;
    }
}
