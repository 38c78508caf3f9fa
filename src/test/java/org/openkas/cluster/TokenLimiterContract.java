package org.openkas.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;

/** What every {@link TokenLimiter} with a limit of 3 does. The clock begins at second 5 of a minute. */
abstract class TokenLimiterContract {
    static final long LIMIT = 3;

    /** The same limiter throughout a test. */
    abstract TokenLimiter limiter();

    abstract void advance(Duration by);

    private boolean allow(AgentToken token) {
        return limiter().allow(token).toCompletableFuture().join();
    }

    private final AgentToken token = AgentToken.ofAgentk("agent-token-of-somebody");

    @Test
    @DisplayName("AG-17 the fourth call of a minute is refused, another token passes, the next minute begins at zero")
    void limit() {
        assertThat(allow(token)).isTrue();
        assertThat(allow(token)).isTrue();
        assertThat(allow(token)).isTrue();
        assertThat(allow(token)).isFalse();
        assertThat(allow(AgentToken.ofAgentk("other-token-of-another"))).isTrue();
        advance(Duration.ofSeconds(54));
        assertThat(allow(token)).isFalse();
        advance(Duration.ofSeconds(1));
        assertThat(allow(token)).isTrue();
    }

    @Test
    @DisplayName("the window is the minute of the clock, not a minute since the first call")
    void fixedWindow() {
        advance(Duration.ofSeconds(54));
        assertThat(allow(token)).isTrue();
        assertThat(allow(token)).isTrue();
        advance(Duration.ofSeconds(1));
        assertThat(allow(token)).isTrue();
        assertThat(allow(token)).isTrue();
        assertThat(allow(token)).isTrue();
        assertThat(allow(token)).isFalse();
    }

    @Test
    @DisplayName("tokens with the same first half count together")
    void firstHalf() {
        for (int call = 0; call < LIMIT; call++) {
            assertThat(allow(AgentToken.ofAgentk("the-same-half" + "ends-such-way"))).isTrue();
        }
        assertThat(allow(AgentToken.ofAgentk("the-same-half" + "or-another-do"))).isFalse();
    }

    @Test
    @DisplayName("tokens of agents of different types count apart")
    void types() {
        for (int call = 0; call < LIMIT; call++) {
            assertThat(allow(token)).isTrue();
        }
        assertThat(allow(token)).isFalse();
        assertThat(allow(new AgentToken(AgentType.RUNNER, token.value()))).isTrue();
    }
}
