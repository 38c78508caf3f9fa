package org.openkas.testkit;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.openkas.common.Timers;
import org.openkas.grpc.CallAge;

/** An age that a test ends. Thread-safe. */
public final class ManualAge implements CallAge {
    private final List<Runnable> actions = new CopyOnWriteArrayList<>();
    private volatile boolean ended;
    private volatile Optional<ManualAge> lasting = Optional.empty();

    @Override
    public Timers.Cancellable whenEnded(Runnable action) {
        if (ended) {
            action.run();
            return () -> {
            };
        }
        actions.add(action);
        return () -> actions.remove(action);
    }

    @Override
    public boolean ended() {
        return ended;
    }

    @Override
    public CallAge lasting() {
        ManualAge made = new ManualAge();
        lasting = Optional.of(made);
        return made;
    }

    /** The server drains: also what {@link #lasting} gave last ends. */
    public void drain() {
        lasting.ifPresent(ManualAge::end);
        end();
    }

    /** The time has come. */
    public void end() {
        ended = true;
        actions.forEach(Runnable::run);
    }

    /** A new connection. */
    public void begin() {
        ended = false;
    }

    /** How many wait for the end, or for that of what {@link #lasting} gave last. */
    public int waiting() {
        return actions.size() + lasting.map(ManualAge::waiting).orElse(0);
    }
}
