package org.openkas.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What all {@link UsedTokens} do. */
abstract class UsedTokensContract {
    private static final ByteString ID = ByteString.copyFromUtf8("a token");

    /** The same throughout a test. */
    abstract UsedTokens tokens();

    abstract void advance(Duration by);

    @Test
    @DisplayName("NR-037 a token serves once")
    void once() {
        assertThat(tokens().use(ID, Duration.ofSeconds(30))).isTrue();
        assertThat(tokens().use(ID, Duration.ofSeconds(30))).isFalse();
        assertThat(tokens().use(ByteString.copyFromUtf8("another"), Duration.ofSeconds(30))).isTrue();
    }

    @Test
    @DisplayName("it is remembered until it has expired, not longer")
    void expiry() {
        assertThat(tokens().use(ID, Duration.ofSeconds(30))).isTrue();
        advance(Duration.ofSeconds(29));
        assertThat(tokens().use(ID, Duration.ofSeconds(1))).isFalse();
        advance(Duration.ofSeconds(2));
        assertThat(tokens().use(ID, Duration.ofSeconds(30))).isTrue();
    }
}
