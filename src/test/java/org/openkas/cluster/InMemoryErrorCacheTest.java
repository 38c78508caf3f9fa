package org.openkas.cluster;

import java.time.Duration;
import org.openkas.testkit.FakeTimers;

class InMemoryErrorCacheTest extends ErrorCacheContract {
    private final FakeTimers timers = new FakeTimers();

    @Override
    ErrorCache cache() {
        return new InMemoryErrorCache(timers);
    }

    @Override
    void pass(Duration time) {
        timers.advance(time);
    }
}
