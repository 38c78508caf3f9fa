package org.openkas.kubernetesapi;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.openkas.common.Timers;
import org.openkas.watch.Alarm;

/** Something that happens on an event loop unless it is called off in time. Used on that event loop only. */
final class Deadline implements Alarm {
    private final Timers timers;
    private final EventExecutor loop;
    private Timers.@Nullable Cancellable planned;
    private int generation;

    Deadline(Timers timers, EventExecutor loop) {
        this.timers = timers;
        this.loop = loop;
    }

    @Override
    public void arm(Duration delay, Runnable action) {
        disarm();
        int mine = generation;
        planned = timers.after(delay, () -> loop.execute(() -> {
            if (generation == mine) {
                action.run();
            }
        }));
    }

    /** As {@link #arm}, but the time begins with {@code event}, which happens on the same event loop. */
    void armAfter(Future<?> event, Duration delay, Runnable action) {
        disarm();
        int mine = generation;
        event.addListener(happened -> {
            if (generation == mine) {
                arm(delay, action);
            }
        });
    }

    @Override
    public void disarm() {
        generation++;
        if (planned != null) {
            planned.cancel();
            planned = null;
        }
    }
}
