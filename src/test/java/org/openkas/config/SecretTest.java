package org.openkas.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SecretTest {
    private static final byte[] BYTES = "topsecret".getBytes(StandardCharsets.UTF_8);

    record Holder(Optional<Secret> secret) {
    }

    @Test
    void neverPrintsItself() {
        Secret secret = Secret.of(BYTES);
        assertThat(secret).hasToString("Secret[hidden]");
        assertThat(new Holder(Optional.of(secret)).toString()).doesNotContain("topsecret");
        assertThat(secret.hashCode()).isEqualTo(Secret.of("xxxxxxxxx".getBytes(StandardCharsets.UTF_8)).hashCode());
    }

    @Test
    void equalsOnlyTheSameBytes() {
        assertThat(Secret.of(BYTES)).isEqualTo(Secret.of(BYTES.clone())).isNotEqualTo(Secret.of(new byte[9])).isNotEqualTo("topsecret");
    }

    @Test
    void sharesNoArray() {
        byte[] mine = BYTES.clone();
        Secret secret = Secret.of(mine);
        mine[0] = 0;
        secret.bytes()[1] = 0;
        assertThat(secret.text()).isEqualTo("topsecret");
        assertThat(secret.length()).isEqualTo(9);
    }
}
