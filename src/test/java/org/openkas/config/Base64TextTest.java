package org.openkas.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Base64TextTest {

    @ParameterizedTest
    @DisplayName("CO-18: text that is not Base64 is refused at the byte that the reference names")
    @CsvSource({"AAAA AAAA,4", "AAA,0", "AAAA-AAA,4", "AAAA\\nAAA AAA=\\n,8", "AA==\\nAA,5", "AA=A,2", "A,0", "AA=,3", "AAAAAA==AAAA,8",
            "====,0",
            "AAAA=,4", "AAAA\\r\\nAAAAA,10", "AAAAA,4", "AA=\\nA,3", "\\351,0", "AAAAAAA,4", "AAAAAAAAA=,9", "A===,1"})
    void illegal(String text, int position) {
        assertThatThrownBy(() -> Base64Text.decode(text.translateEscapes().getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(ConfigurationException.class).hasMessage("illegal base64 data at input byte " + position);
    }

    @ParameterizedTest
    @CsvSource({"AA\\n=\\n=\\n,1", "'',0", "\\r\\n,0", "AAAA\\n,3", "AA==\\r\\n,1", "A\\nA\\nA\\n=,2", "/+/+,3", "AB==,1"})
    void lineBreaksDoNotMatter(String text, int length) throws ConfigurationException {
        assertThat(Base64Text.decode(text.translateEscapes().getBytes(StandardCharsets.UTF_8))).hasSize(length);
    }

    @Test
    void decodesWhatOthersEncode() throws ConfigurationException {
        Random random = new Random(1);
        for (int length = 0; length < 80; length++) {
            byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            assertThat(Base64Text.decode(Base64.getEncoder().encode(bytes))).isEqualTo(bytes);
            assertThat(Base64Text.decode(Base64.getMimeEncoder().encode(bytes))).isEqualTo(bytes);
        }
    }
}
