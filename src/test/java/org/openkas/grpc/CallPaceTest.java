package org.openkas.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Queue;
import org.junit.jupiter.api.Test;

class CallPaceTest {
    private final Queue<Runnable> loop = new ArrayDeque<>();
    private final Queue<Runnable> calls = new ArrayDeque<>();
    private final CallPace pace = new CallPace(loop::add, calls::add);
    private int caughtUp;

    private boolean behind() {
        return pace.behind(() -> caughtUp++);
    }

    private static void run(Queue<Runnable> tasks) {
        int now = tasks.size();
        for (int i = 0; i < now; i++) {
            tasks.remove().run();
        }
    }

    private void lap() {
        run(calls);
        run(loop);
    }

    private void begin(int count) {
        for (int i = 0; i < count; i++) {
            pace.begins();
        }
    }

    private void called(int count) {
        for (int i = 0; i < count; i++) {
            pace.called();
        }
    }

    private void answered(int count) {
        for (int i = 0; i < count; i++) {
            pace.answered();
        }
        run(loop);
    }

    @Test
    void someNewCallsWaitForNothing() {
        begin(32);
        assertThat(behind()).isFalse();
    }

    @Test
    void manyNewCallsWaitUntilThreadsHadTwoTurns() {
        begin(33);
        assertThat(behind()).isTrue();
        lap();
        assertThat(caughtUp).isZero();
        lap();
        assertThat(caughtUp).isEqualTo(1);
        assertThat(behind()).as("begins to count again").isFalse();
    }

    @Test
    void manyUnansweredCallsWaitUntilFewAreLeft() {
        called(65);
        assertThat(behind()).isTrue();
        answered(32);
        assertThat(caughtUp).as("33 left").isZero();
        answered(1);
        assertThat(caughtUp).isEqualTo(1);
        answered(32);
        assertThat(caughtUp).as("once").isEqualTo(1);
        assertThat(behind()).isFalse();
    }

    @Test
    void callsThatThreadsTookAndDidNotAnswerCountAfterTheTurns() {
        begin(33);
        called(65);
        assertThat(behind()).isTrue();
        lap();
        lap();
        assertThat(caughtUp).isZero();
        answered(40);
        assertThat(caughtUp).isEqualTo(1);
    }

    @Test
    void answersThatComeBeforeItWaitsAreSeen() {
        begin(33);
        called(65);
        assertThat(behind()).isTrue();
        lap();
        run(calls);
        answered(65);
        run(loop);
        assertThat(caughtUp).isEqualTo(1);
    }

    @Test
    void readsBecomeSmallWhileManyCallsComeWithEach() {
        begin(15);
        behind();
        assertThat(pace.careful()).isFalse();
        begin(16);
        behind();
        assertThat(pace.careful()).isTrue();
        begin(3);
        assertThat(behind()).isTrue();
        assertThat(pace.careful()).isFalse();
        lap();
        lap();
        begin(20);
        behind();
        assertThat(pace.careful()).as("counts from the last reads, not from the last turn").isTrue();
    }
}
