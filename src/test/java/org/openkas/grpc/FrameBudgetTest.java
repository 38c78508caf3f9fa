package org.openkas.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openkas.testkit.FakeTimers;

class FrameBudgetTest {
    private final FakeTimers timers = new FakeTimers();
    private final FrameBudget budget = new FrameBudget(timers::nanos, 2_000);

    private int acceptedOf(int count, int type, int flags, int length) {
        for (int i = 0; i < count; i++) {
            if (budget.received(type, flags, length).isPresent()) {
                return i;
            }
        }
        return count;
    }

    @ParameterizedTest
    @CsvSource({"0,0,0,1000", "2,0,5,1000", "3,0,4,2000", "4,0,0,200", "6,0,8,50000", "8,0,4,20000", "9,0,10,1000", "119,0,0,1000"})
    void cheapFramesAreBounded(int type, int flags, int length, int limit) {
        assertThat(acceptedOf(100_000, type, flags, length)).isEqualTo(limit);
    }

    @ParameterizedTest
    @CsvSource({"0,0,1", "0,1,0", "1,4,30", "119,0,256"})
    void callsAndTheirDataAreNot(int type, int flags, int length) {
        assertThat(acceptedOf(100_000, type, flags, length)).isEqualTo(100_000);
    }

    @Test
    void everyPeriodBeginsANewBudget() {
        for (int period = 0; period < 5; period++) {
            assertThat(acceptedOf(200, FrameBudget.SETTINGS, 0, 0)).isEqualTo(200);
            timers.advance(Duration.ofSeconds(10));
        }
    }

    @Test
    void windowUpdatesMayFollowWhatWasSent() {
        budget.sent(64 * 5_000);
        assertThat(acceptedOf(100_000, FrameBudget.WINDOW_UPDATE, 0, 4)).isEqualTo(25_000);
        assertThat(budget.received(FrameBudget.WINDOW_UPDATE, 0, 4)).isEqualTo(Optional.of("too_many_window_updates"));
    }
}
