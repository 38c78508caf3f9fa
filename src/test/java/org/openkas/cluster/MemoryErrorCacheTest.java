package org.openkas.cluster;

import java.time.Duration;
import org.openkas.testkit.FakeTimers;

class MemoryErrorCacheTest extends ErrorCacheContract {
    private final FakeTimers timers = new FakeTimers();

    @Override
    ErrorCache cache() {
        return new MemoryErrorCache(timers);
    }

    @Override
    void pass(Duration time) {
        timers.advance(time);
    }
}
