package org.openkas.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.testkit.FakeTimers;

class MemoryTunnelTrackerTest extends TunnelTrackerContract {
    private final FakeTimers timers = new FakeTimers();
    private final MemoryTunnelTracker.Cluster cluster = new MemoryTunnelTracker.Cluster();

    @Override
    TunnelTracker of(String ownUrl) {
        return new MemoryTunnelTracker(cluster, List.of(ownUrl), timers, TTL);
    }

    @Override
    void advance(Duration time) {
        timers.advance(time);
    }

    @Test
    @DisplayName("A server with several addresses is found under all of them")
    void severalUrls() {
        MemoryTunnelTracker both = new MemoryTunnelTracker(cluster, List.of(X, Y), timers, TTL);
        both.register(7);
        assertThat(both.gateways(7)).containsExactlyInAnyOrder(X, Y);
        both.unregister(7);
        assertThat(both.gateways(7)).isEmpty();
    }
}
