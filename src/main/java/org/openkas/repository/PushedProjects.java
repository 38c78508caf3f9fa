package org.openkas.repository;

import java.util.HashSet;
import java.util.Set;
import org.openkas.cluster.GitPushEvents;
import org.openkas.common.Groups;
import org.openkas.proto.event.GitPushEvent;

/** Who waits for news of a project, by its full path, so that a push wakes those that it concerns. Thread-safe. */
public final class PushedProjects implements GitPushEvents.Listener {
    private final Groups<String, Watcher> watchers = new Groups<>();

    /** Somebody who waits. Compared by identity. */
    @FunctionalInterface
    public interface Watcher {
        /** Somebody pushed. {@code poked} collects what has been told to poll already. */
        void pushed(Set<WatchedRef.Target> poked);
    }

    /** Tells this watcher of pushes to a project from now on. */
    public void add(String path, Watcher watcher) {
        watchers.add(path, watcher);
    }

    /** Forgets the watcher. */
    public void remove(String path, Watcher watcher) {
        watchers.remove(path, watcher);
    }

    /** Paths are compared letter by letter (chapter 01 §4.4). */
    @Override
    public void pushed(GitPushEvent event) {
        Set<WatchedRef.Target> poked = new HashSet<>();
        watchers.of(event.getProject().getFullPath()).forEach(watcher -> watcher.pushed(poked));
    }
}
