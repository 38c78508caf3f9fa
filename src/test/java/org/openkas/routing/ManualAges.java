package org.openkas.routing;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.openkas.common.Timers;
import org.openkas.grpc.CallAge;

/** All tunnels' age, ended when a test says so; those that come later begin anew. */
final class ManualAges implements CallAge {
    private final List<Runnable> actions = new CopyOnWriteArrayList<>();

    @Override
    public Timers.Cancellable whenEnded(Runnable run) {
        Runnable own = run::run;
        actions.add(own);
        return () -> actions.remove(own);
    }

    @Override
    public boolean ended() {
        return false;
    }

    void end() {
        List<Runnable> due = List.copyOf(actions);
        actions.removeAll(due);
        due.forEach(Runnable::run);
    }

    int pending() {
        return actions.size();
    }
}
