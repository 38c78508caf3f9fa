package org.openkas.common;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GoTextTest {

    /** What Go's {@code %q} makes of these. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {"abc | \"abc\"", "~~ | \"\"", "a\"b\\c | \"a\\\"b\\\\c\"",
            "~\n\r\t~ | \"\\n\\r\\t\"", "~a\u0007\b\f\u000bb~ | \"a\\a\\b\\f\\vb\"", "~\u0001\u001f\u007f~ | \"\\x01\\x1f\\x7f\"",
            "\u00e9\u20ac'`< | \"\u00e9\u20ac'`<\"", "~a\u00a0\u0085\u00adb~ | \"a\\u00a0\\u0085\\u00adb\"",
            "~\u2028\ufeff\u200b\ue000~ | \"\\u2028\\ufeff\\u200b\\ue000\"", "\ud83d\ude00 | \"\ud83d\ude00\"",
            "~\udb80\udc00~ | \"\\U000f0000\""})
    void quoted(String text, String go) {
        assertThat(GoText.quoted(text)).isEqualTo(go);
    }
}
