package org.openkas.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GlobTest {
    private static String verdict(String pattern, String path) {
        try {
            return new Glob(pattern).matches(path) ? "yes" : "no";
        } catch (Glob.MalformedException e) {
            assertThat(e).hasMessage("syntax error in pattern");
            return "error";
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = ' ', textBlock = """
            **.yaml dir/m.yaml no
            a/** a no
            a/**/b a/b yes
            **/m.yaml m.yaml yes
            {a/b,c}.yaml a/b.yaml yes
            {a,a/b} a no
            {a,a/b} a/b yes
            *{,x} abc no
            {**/,}x.yaml x.yaml no
            {**/,}x.yaml a/x.yaml yes
            {**/,}x.yaml a/b/x.yaml no
            {a,b/**}/c b/x/y/c yes
            * .hid yes
            a/ a no
            **/[ a/b no
            a[ b no
            a[ ax error
            """)
    @DisplayName("AG-47: the rows of the table")
    void table(String pattern, String path, String verdict) {
        assertThat(verdict(pattern, path)).isEqualTo(verdict);
    }

    /** What the Go library of the Go KAS answers. */
    @ParameterizedTest
    @CsvSource(delimiter = ' ', textBlock = """
            *.yaml a.yaml yes
            *.yaml d/a.yaml no
            **/*.{yaml,yml,json} d/e/f.json yes
            **/*.{yaml,yml,json} f.yml yes
            ** a/b yes
            a?c abc yes
            a?c a/c no
            [a-c]x bx yes
            [^a-c]x bx no
            [!a]x !x yes
            [c-a]x bx no
            [^]x bx yes
            [] a error
            []a] a error
            [-a] a error
            [a-] a error
            [a\\-z] - yes
            \\*x *x yes
            \\*x ax no
            a\\ a no
            a\\ ab error
            {a,{b,c}}d cd yes
            {a,b a error
            x{,y} x yes
            a} a} yes
            a,b a,b yes
            é* éa yes
            A a no
            a{/x,} a error
            a{,b}{,c}/d a/d yes
            **/**/c c yes
            a/**/** a/b yes
            """)
    void dialect(String pattern, String path, String verdict) {
        assertThat(verdict(pattern, path)).isEqualTo(verdict);
    }

    @Test
    void starsAndAlternativesDoNotMultiply() {
        String stars = "*a".repeat(40) + "b";
        String braces = "{,a}".repeat(40) + "b";
        String components = "**/".repeat(40) + "b";
        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            assertThat(verdict(stars, "a".repeat(200))).isEqualTo("no");
            assertThat(verdict(braces, "a".repeat(60))).isEqualTo("no");
            assertThat(verdict(components, "a/".repeat(60) + "c")).isEqualTo("no");
        });
    }

    @Test
    void whatGoesOnForTooLongCountsAsMalformed() {
        assertThatThrownBy(() -> new Glob("a".repeat(8193)).matches("a")).isInstanceOf(Glob.MalformedException.class);
        assertThatThrownBy(() -> new Glob("{}".repeat(4000)).matches("a")).isInstanceOf(Glob.MalformedException.class);
    }
}
