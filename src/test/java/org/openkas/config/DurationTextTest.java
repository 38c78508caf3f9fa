package org.openkas.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DurationTextTest {

    @ParameterizedTest
    @CsvSource({"300s,PT5M", "0.5s,PT0.5S", "0s,PT0S", "7200s,PT2H", "-1s,PT-1S", "+1s,PT1S", ".5s,PT0.5S", "-.5s,PT-0.5S", "5.s,PT5S",
            "0.s,PT0S",
            "0.000000001s,PT0.000000001S"})
    void durations(String text, Duration duration) {
        assertThat(DurationText.fault(text)).isEmpty();
        assertThat(DurationText.parse(text)).isEqualTo(duration);
    }

    @ParameterizedTest
    @ValueSource(strings = {"5m", "1h", "300", "300 s", "1e3s", "", "s", "+s", ".s", "-", ".", "+-1s", "00s", "007s", "0.1234567891s", "1S",
            " 1s"})
    void otherTexts(String text) {
        // ".s" is the one text that the reference takes although it has no digit; nobody writes it
        assertThat(DurationText.fault(text)).contains(DurationText.Fault.FORM);
    }

    @Test
    void range() {
        assertThat(DurationText.fault("315576000000s")).isEmpty();
        assertThat(DurationText.fault("-315576000000s")).isEmpty();
        assertThat(DurationText.fault("315576000001s")).contains(DurationText.Fault.RANGE);
        assertThat(DurationText.fault("9223372036854775807s")).contains(DurationText.Fault.RANGE);
        assertThat(DurationText.fault("9223372036854775808s")).contains(DurationText.Fault.FORM);
    }

    @Test
    void veryLongDurationsStillFitIntoNanoseconds() {
        assertThat(DurationText.parse("315576000000s").toNanos()).isEqualTo(Long.MAX_VALUE);
        assertThat(DurationText.parse("-315576000000s").toNanos()).isEqualTo(-Long.MAX_VALUE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"300s", "0s", "0.5s", "1.000000001s"})
    void showsWhatItReads(String text) {
        assertThat(DurationText.show(DurationText.parse(text))).isEqualTo(text);
    }
}
