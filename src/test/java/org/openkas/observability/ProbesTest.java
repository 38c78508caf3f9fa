package org.openkas.observability;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProbesTest {
    private final Probes probes = new Probes();

    @Test
    void withoutChecksAllIsWell() {
        assertThat(probes.livenessFailure()).isEmpty();
        assertThat(probes.readinessFailure()).isEmpty();
        assertThat(probes.startupFailure()).isEmpty();
    }

    @Test
    void aToggleIsNotReadyUntilItIsSet() {
        Probes.Toggle toggle = probes.readinessToggle("apiServer");
        assertThat(probes.readinessFailure()).contains("apiServer: not ready yet");
        toggle.ready();
        assertThat(probes.readinessFailure()).isEmpty();
    }

    @Test
    void anExceptionIsAFailureWithItsText() {
        probes.readiness("redis", () -> {
            throw new IOException("redis: connection refused");
        });
        assertThat(probes.readinessFailure()).contains("redis: redis: connection refused");
        assertThat(probes.livenessFailure()).isEmpty();
    }

    @Test
    void startupIsOverWithTheFirstReadiness() {
        boolean[] down = {true};
        probes.readiness("a", () -> down[0] ? Optional.of("down") : Optional.empty());
        assertThat(probes.startupFailure()).contains("a: down");
        down[0] = false;
        assertThat(probes.startupFailure()).isEmpty();
        down[0] = true;
        assertThat(probes.startupFailure()).isEmpty();
        assertThat(probes.readinessFailure()).contains("a: down");
    }

    @Test
    void adviceTakesNothingOutOfService() {
        probes.advice("redis", () -> Optional.of("lost"));
        assertThat(probes.readinessFailure()).isEmpty();
        assertThat(probes.adviceFailure()).contains("redis: lost");
    }
}
