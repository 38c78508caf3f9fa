package org.openkas.gitlab;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.openkas.common.Timers;

/** Waiting by a clock that tests can drive. */
final class Pause {
    private Pause() {
    }

    /** Returns when the time has passed. */
    static void of(Duration time, Timers timers) throws InterruptedException {
        CountDownLatch over = new CountDownLatch(1);
        Timers.Cancellable alarm = timers.after(time, over::countDown);
        try {
            over.await();
        } finally {
            alarm.cancel();
        }
    }
}
