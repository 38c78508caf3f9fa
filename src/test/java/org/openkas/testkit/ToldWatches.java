package org.openkas.testkit;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.openkas.repository.RefWatches;
import org.openkas.repository.Repository;
import org.openkas.repository.RepositoryException;
import org.openkas.repository.Resolution;

/** Pollers that see what a test tells them; all refs of all repositories are the same to them. */
public final class ToldWatches implements RefWatches {
    public record Hold(Repository repository, String ref, Listener listener) {
    }

    public final List<Hold> holds = new CopyOnWriteArrayList<>();
    public final List<String> opened = new CopyOnWriteArrayList<>();
    public volatile int pokes;
    public volatile Runnable onPoke = () -> {
    };
    private volatile Optional<Resolution> state = Optional.empty();

    @Override
    public Watch watch(Repository repository, String ref, Listener listener) {
        Hold hold = new Hold(repository, ref, listener);
        holds.add(hold);
        opened.add(repository.projectPath() + " " + ref);
        state.ifPresent(listener::resolved);
        return new Watch() {
            @Override
            public void poke() {
                pokes++;
                onPoke.run();
            }

            @Override
            public void close() {
                holds.remove(hold);
            }
        };
    }

    /** The ref names this now. */
    public void tell(Resolution resolution) {
        state = Optional.of(resolution);
        holds.forEach(hold -> hold.listener().resolved(resolution));
    }

    /** The ref cannot be resolved. */
    public void fail(RepositoryException failure) {
        state = Optional.empty();
        holds.forEach(hold -> hold.listener().failed(failure));
    }
}
