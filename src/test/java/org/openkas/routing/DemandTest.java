package org.openkas.routing;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import org.junit.jupiter.api.Test;

class DemandTest {
    private static final ByteString MESSAGE = ByteString.copyFromUtf8("m");

    private final Demand demand = new Demand();

    private void taken(int messages) {
        for (int i = 0; i < messages; i++) {
            assertThat(demand.take(MESSAGE)).isTrue();
            demand.dealtWith();
        }
    }

    @Test
    void asksForOneMessageThoughNobodyWantsAny() {
        assertThat(demand.ask()).isEqualTo(1);
        assertThat(demand.ask()).isZero();
    }

    @Test
    void aMessageThatNobodyWantsYetWaitsAndNoOtherIsAskedFor() {
        int _ = demand.ask();
        assertThat(demand.take(MESSAGE)).isFalse();
        assertThat(demand.ask()).isZero();
        assertThat(demand.more(1)).contains(MESSAGE);
        demand.dealtWith();
        assertThat(demand.ask()).isEqualTo(1);
    }

    @Test
    void asksForWhatIsWantedButForAFewAtMost() {
        assertThat(demand.more(100)).isEmpty();
        assertThat(demand.ask()).isEqualTo(8);
        assertThat(demand.ask()).isZero();
    }

    @Test
    void asksAgainOnceHalfOfThemHaveCome() {
        assertThat(demand.more(100)).isEmpty();
        int _ = demand.ask();
        taken(3);
        assertThat(demand.ask()).isZero();
        taken(1);
        assertThat(demand.ask()).isEqualTo(4);
    }

    @Test
    void whenNoneIsUnderWayEvenTheLastOneIsAskedFor() {
        assertThat(demand.more(9)).isEmpty();
        int _ = demand.ask();
        taken(8);
        assertThat(demand.ask()).isEqualTo(1);
    }
}
