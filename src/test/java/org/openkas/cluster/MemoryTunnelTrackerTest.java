package org.openkas.cluster;

import java.time.Duration;
import java.util.List;
import org.openkas.testkit.FakeTimers;

class MemoryTunnelTrackerTest extends TunnelTrackerContract {
    private final FakeTimers timers = new FakeTimers();
    private final MemoryTunnelTracker.Cluster cluster = new MemoryTunnelTracker.Cluster();

    @Override
    TunnelTracker of(String... ownUrls) {
        return new MemoryTunnelTracker(cluster, List.of(ownUrls), timers, TTL);
    }

    @Override
    void advance(Duration time) {
        timers.advance(time);
    }
}
