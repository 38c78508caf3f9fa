package org.openkas.kubernetesaccess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SessionCookiesTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
            "_gitlab_kas=v | v", "a=b; _gitlab_kas=v; c=d | v", "a=b;_gitlab_kas=v | v", "; ;_gitlab_kas=v; | v", "=x; _gitlab_kas=v | v",
            "_gitlab_kas = v |~ v~", "_gitlab_kas=\"v\" | v", "_gitlab_kas=\"v w\" | v w", "_gitlab_kas=v=w== | v=w==",
            "_gitlab_kas=\"\" |~~", "_gitlab_kas= |~~", "_gitlab_kas |~~", "_gitlab_kas=,v | ,v", "a=\"_gitlab_kas=w\"; _gitlab_kas=v | v",
            "_gitlab_kas=v;_gitlab_kas=w | v", "_gitlab_kas=v\\; _gitlab_kas=w | w", "_gitlab_kas=\"v; _gitlab_kas=w | w",
            "_gitlab_kas=v\u0001; _gitlab_kas=w | w"})
    void found(String line, String value) {
        assertThat(SessionCookies.first(List.of(line))).contains(value);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ";", "a=b", "_GITLAB_KAS=v", "_gitlab_kass=v", "x_gitlab_kas=v", "a=_gitlab_kas=v", "_gitlab_kas=v\"w",
            "_gitlab_kas=\u00e9", "_gitlab_kas=v\u007f"})
    void notFound(String line) {
        assertThat(SessionCookies.first(List.of(line))).isEmpty();
    }

    @Test
    void allLinesAreSearchedInTheirOrder() {
        assertThat(SessionCookies.first(List.of("a=b", "_gitlab_kas=v", "_gitlab_kas=w"))).contains("v");
        assertThat(SessionCookies.first(List.of())).isEmpty();
    }

    /** Against the encoder of the JDK, which writes forms. */
    @Test
    void whatFormsEncodeIsDecoded() throws Exception {
        Random random = new Random(3);
        for (int i = 0; i < 2_000; i++) {
            String text = random.ints(1 + random.nextInt(20), 1, 0x2fff).collect(StringBuilder::new, StringBuilder::appendCodePoint,
                    StringBuilder::append).toString();
            assertThat(SessionCookies.decoded(URLEncoder.encode(text, StandardCharsets.UTF_8))).isEqualTo(text);
        }
        assertThat(SessionCookies.decoded("%2f%2F+%41~/*")).isEqualTo("// A~/*");
    }

    @ParameterizedTest
    @ValueSource(strings = {"%", "a%", "%1", "%g1", "%1g", "%%41", "%+1", "%ff", "%C3", "%ED%A0%80"})
    void whatCannotBeDecoded(String value) {
        assertThatThrownBy(() -> SessionCookies.decoded(value)).isInstanceOf(CredentialException.class)
                .hasMessage("_gitlab_kas invalid cookie value");
    }

    @Test
    void nothingIsNoValue() {
        assertThatThrownBy(() -> SessionCookies.decoded("")).hasMessage("_gitlab_kas cookie value must not be empty");
    }
}
